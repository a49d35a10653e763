/** Sweeps from outside: submitted, watched, changed while they run, and read from the store. */
import { randomBytes } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { rentOf, type Rent } from '../../domain/decide/rent.ts';
import type { StoreReader } from '../../store/index.ts';
import {
  SWEEP_WORKFLOW_TYPE,
  type SweepInput,
  type SweepReport,
  type SweepStatus,
} from '../../domain/words/sweep-workflow.ts';
import type { StoredSweep, StoredSweepChange, StoredTrial, SweepEvent } from '../../store/rows/sweep-records.ts';
import { withPinnedDate } from '../../files/experiment/pinned-date.ts';
import { NotFoundError, UnreachableError, UserError } from '../errors.ts';
import { Accounts } from '../money/accounts.ts';
import type { RunStore } from '../runs/run-store.ts';
import { outcomeOf } from '../temporal/execution.ts';
import type { TemporalLink } from '../temporal/temporal-link.ts';
import { whoAsks } from '../who.ts';
import { replaySweep, type SweepReplay } from './replay-sweep.ts';
import { changedParameters, spaceNow } from './space-change.ts';
import type { LoadedSweep } from '../../files/sweep-file.ts';

const POLL_MS = 300;
/** Among so many of the newest a name is looked for. */
const SEARCHED = 1_000;

export interface SweepDetails extends StoredSweep {
  /** Of its space and of single trials, while it ran. */
  readonly changes: readonly StoredSweepChange[];
  readonly trials: readonly (StoredTrial & Rent)[];
  /** The sweep's own answer; absent: it is over, or nobody answers. */
  readonly status?: SweepStatus;
}

export class Sweeps {
  readonly #temporal: TemporalLink;
  readonly #store: RunStore;

  constructor(temporal: TemporalLink, store: RunStore) {
    this.#temporal = temporal;
    this.#store = store;
  }

  /**
   * Submits a sweep; from here on it is durable, whatever becomes of this process. `hex`: the end of its id; asked twice with
   * the same one, it is one sweep.
   */
  async start(
    { spec, experiment }: LoadedSweep,
    { by = whoAsks(), hex: given }: { by?: string; hex?: string } = {},
  ): Promise<{ readonly sweepId: string }> {
    await new Accounts(this.#temporal, this.#store).require(spec.budget.account ?? experiment.budget.account);
    const hex = given ?? randomBytes(4).toString('hex');
    const sweepId = `${spec.name}-${hex}`;
    // Asked before with the same digits: it is this very sweep.
    if (given !== undefined && (await this.#temporal.describe(sweepId)) !== undefined) return { sweepId };
    const pinned = await withPinnedDate(experiment);
    const input: SweepInput = { sweepId, hex, spec, experiment: pinned, askedBy: by };
    await this.#temporal.begin(SWEEP_WORKFLOW_TYPE, sweepId, input);
    return { sweepId };
  }

  /** Newest first. */
  async list({ limit }: { limit: number }): Promise<readonly StoredSweep[]> {
    return (await (await this.#store.reader())?.sweeps({ limit })) ?? [];
  }

  /** The full id, from the id, an unambiguous beginning of it, or @newest. */
  async resolve(reference: string): Promise<string> {
    const sweeps = await this.list({ limit: SEARCHED });
    if (reference === '@newest' && sweeps[0] !== undefined) return sweeps[0].sweepId;
    const found = sweeps.filter(({ sweepId }) => sweepId === reference || sweepId.startsWith(reference));
    const exact = found.find(({ sweepId }) => sweepId === reference);
    if (exact !== undefined || found.length === 1) return (exact ?? found[0])?.sweepId ?? reference;
    if (found.length > 1) {
      throw new UserError(
        `"${reference}" may be any of ${found.length} sweeps: ${found.map(({ sweepId }) => sweepId).join(', ')}.`,
        'Give one id.',
      );
    }
    // Submitted, and no worker has taken it yet.
    if ((await this.#temporal.describe(reference)) !== undefined) return reference;
    throw new NotFoundError(`There is no sweep "${reference}".`, '`pawl sweep list` shows them.');
  }

  async show(sweepId: string): Promise<SweepDetails> {
    const reader = await this.#store.reader();
    const sweep = await reader?.sweep(sweepId);
    if (reader === undefined || sweep === undefined) {
      throw new NotFoundError(`Nothing is recorded of ${sweepId} yet.`, 'A worker takes it: `pawl up`.');
    }
    const trials = await reader.trials(sweepId);
    const leases = await reader.leasesOf(trials.map(({ runId }) => runId));
    const nowMs = Date.now();
    const status = isOver(sweep.outcome) ? undefined : await this.#temporal.sweepStatus(sweepId);
    return {
      ...sweep,
      changes: await reader.sweepChanges(sweepId),
      trials: trials.map((trial) => ({
        ...trial,
        ...rentOf(leases.get(trial.runId) ?? [], trial.planned.run.spec, nowMs),
      })),
      ...(status !== undefined && { status, outcome: status.outcome, ...(status.best && { best: status.best }) }),
      ...(await promotionNow(reader, status ?? sweep)),
    };
  }

  /** What another rule of stopping had made of it. */
  async replay(sweepId: string, set: readonly string[]): Promise<SweepReplay> {
    const { trials, ...sweep } = await this.show(sweepId);
    return replaySweep(sweep, trials, set);
  }

  /** Every line of its log from the first one on, until it is over. */
  async *follow(sweepId: string, signal: AbortSignal): AsyncGenerator<SweepEvent> {
    let after = 0;
    for (let over = false; !over && !signal.aborted;) {
      // Looked at before its log is read: what it says last is then in it.
      over = await this.#isOver(sweepId);
      for (const event of await this.#eventsAfter(sweepId, after)) {
        after = event.seq;
        yield event;
      }
      if (!over) await sleep(POLL_MS, undefined, { signal }).catch(() => undefined);
    }
  }

  async #eventsAfter(sweepId: string, seq: number): Promise<readonly SweepEvent[]> {
    const events = (await (await this.#store.reader())?.sweepEvents(sweepId)) ?? [];
    return events.filter((event) => event.seq > seq);
  }

  /** By its record, or by Temporal's word: it may have ended without a word of its own. */
  async #isOver(sweepId: string): Promise<boolean> {
    const recorded = await (await this.#store.reader())?.sweep(sweepId);
    if (isOver(recorded?.outcome)) return true;
    try {
      const execution = await this.#temporal.describe(sweepId);
      return execution !== undefined && isOver(outcomeOf(execution));
    } catch (error) {
      // A server that is away for a while is waited for: what is recorded is told meanwhile.
      if (error instanceof UnreachableError) return false;
      throw error;
    }
  }

  /** No further trial; those that run end in good order. `now`: they are cancelled. What they rented is returned. */
  async stop(sweepId: string, { now = false, reason }: { now?: boolean; reason: string }): Promise<void> {
    await this.#mustBeOpen(sweepId, 'stop');
    await (now ? this.#temporal.cancel(sweepId) : this.#temporal.stop(sweepId, reason));
  }

  /** Its runs rest without machines, and nothing is begun, until it is resumed. */
  async pause(sweepId: string): Promise<void> {
    await this.#mustTry(sweepId, 'pause');
    await this.#temporal.pause(sweepId);
  }

  async resume(sweepId: string): Promise<void> {
    await this.#mustBeOpen(sweepId, 'resume');
    await this.#temporal.resume(sweepId);
  }

  /** Other limits for all its trials together, from its next look at the clock on. */
  async budget(sweepId: string, budget: { maxCost?: number; maxHours?: number }): Promise<void> {
    await this.#mustBeOpen(sweepId, 'change');
    await this.#temporal.changeSweep(sweepId, { budget, by: whoAsks(), at: new Date().toISOString() });
  }

  /** So many trials in all, so many at a time, and parameters (`train.batchSize={values: [32]}`), from now on. */
  async extend(
    sweepId: string,
    {
      by = whoAsks(),
      parameters = [],
      ...change
    }: { trials?: number; concurrency?: number; parameters?: readonly string[]; by?: string },
  ): Promise<void> {
    if (change.trials === undefined && change.concurrency === undefined && parameters.length === 0) {
      throw new UserError('Nothing is to be changed.', 'Give --trials, --concurrency, or --parameter.');
    }
    await this.#mustTry(sweepId, 'extend');
    const at = new Date().toISOString();
    if (change.trials !== undefined || change.concurrency !== undefined) {
      await this.#temporal.changeSweep(sweepId, { ...change, by, at });
    }
    if (parameters.length === 0) return;
    const { changes, ...sweep } = await this.show(sweepId);
    const changed = changedParameters(sweep, spaceNow(sweep, changes), parameters);
    await this.#temporal.changeSweep(sweepId, { parameters: changed, by, at });
  }

  /** One trial ends in good order; the sweep goes on. */
  async stopTrial(sweepId: string, number: number): Promise<void> {
    await this.#mustBeOpen(sweepId, 'stop');
    const { trials } = await this.show(sweepId);
    const trial = trials.find((one) => one.number === number);
    if (trial === undefined) {
      throw new UserError(`${sweepId} has no trial ${number}.`, `It has ${trials.length}, counted from 0.`);
    }
    if (trial.runOutcome !== undefined) {
      throw new UserError(
        `Trial ${number} of ${sweepId} is over already (${trial.runOutcome}).`,
        'There is nothing to stop.',
      );
    }
    await this.#temporal.changeSweep(sweepId, { stopTrial: number, by: whoAsks(), at: new Date().toISOString() });
  }

  /** Once its trials are over, only its winner is looked for. */
  async #mustTry(sweepId: string, verb: string): Promise<void> {
    await this.#mustBeOpen(sweepId, verb);
    if ((await this.#temporal.sweepStatus(sweepId))?.outcome !== 'choosing') return;
    throw new UserError(`${sweepId} has tried all it will, and chooses its winner.`, `There is nothing to ${verb}.`);
  }

  async #mustBeOpen(sweepId: string, verb: string): Promise<void> {
    const execution = await this.#temporal.describe(sweepId);
    const outcome = execution === undefined ? 'not known to Temporal any more' : outcomeOf(execution);
    if (execution !== undefined && !isOver(outcome)) return;
    throw new UserError(`${sweepId} is over already (${outcome}).`, `There is nothing to ${verb}.`);
  }
}

/** It may have gone on since the sweep looked last. */
async function promotionNow(
  reader: StoreReader,
  { promotion: seen, winner }: Pick<SweepReport, 'promotion' | 'winner'>,
): Promise<Pick<SweepReport, 'promotion' | 'winner'>> {
  const now = seen === undefined ? undefined : await reader.promotion(seen.promotionId);
  const promotion = seen && now ? { ...seen, state: now.state, ...(now.reason && { reason: now.reason }) } : seen;
  return { ...(winner !== undefined && { winner }), ...(promotion !== undefined && { promotion }) };
}

const OVER: ReadonlySet<string> = new Set(['finished', 'failed', 'cancelled', 'crashed']);

function isOver(outcome: string | undefined): boolean {
  return outcome !== undefined && OVER.has(outcome);
}
