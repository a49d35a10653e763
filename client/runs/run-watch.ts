/** Looks at a run from outside, and keeps looking: Temporal, the run itself and the store, over any outage of theirs. */
import { setTimeout as sleep } from 'node:timers/promises';
import type { WorkflowExecutionDescription } from '@temporalio/client';
import type { StoreReader, StoredCheckpoint } from '../../store/index.ts';
import type { RunStatus } from '../../domain/words/run.ts';
import type { StepMetrics } from '../../domain/words/training.ts';
import { NotFoundError, UnreachableError, UserError, messageOf } from '../errors.ts';
import { changesBetween, resultOf, type RunChange } from './run-changes.ts';
import type { RunStore } from './run-store.ts';
import { isOver, recordedOutcome, type RunView, type Waiting } from './run-view.ts';
import { cancelRequested, outcomeOf, retryOf, stuckOf } from '../temporal/execution.ts';
import { failureMessage } from '../temporal/failure.ts';
import type { TemporalLink } from '../temporal/temporal-link.ts';

export interface FollowOptions {
  readonly signal?: AbortSignal;
  readonly pollMs?: number;
}

const FOLLOW_POLL_MS = 700;
/** Checkpoints that are told of at once. */
const PAGE = 100;

export class RunWatch {
  readonly #temporal: TemporalLink;
  readonly #store: RunStore;

  constructor(temporal: TemporalLink, store: RunStore) {
    this.#temporal = temporal;
    this.#store = store;
  }

  async look(runId: string): Promise<RunView> {
    const recorded = await this.#recorded(runId);
    const { stored } = recorded;
    let execution: WorkflowExecutionDescription | undefined;
    try {
      execution = await this.#temporal.describe(runId);
    } catch (error) {
      if (stored === undefined || !(error instanceof UnreachableError)) throw error;
      return isOver(stored.outcome) ? recorded : { ...recorded, waiting: { message: messageOf(error) } };
    }
    if (execution !== undefined) return this.#current(recorded, execution);
    if (stored === undefined) throw unknownRun(runId);
    if (isOver(stored.outcome)) return recorded;
    return { ...recorded, outcome: 'crashed', reason: 'Temporal does not know this run any more' };
  }

  /** What changes until the end. The first look tells of every checkpoint that was judged before. */
  async *follow(runId: string, { signal, pollMs = FOLLOW_POLL_MS }: FollowOptions = {}): AsyncGenerator<RunChange> {
    let seen: RunView | undefined;
    let told = 0;
    for (;;) {
      if (signal?.aborted === true) return;
      const view = await this.#lookAgain(runId, seen);
      // After the look: nothing is judged any more in a run that it found to be over.
      for (let page = await this.#judged(runId, told); page.length > 0; page = await this.#judged(runId, told)) {
        told = page.at(-1)?.seq ?? told;
        yield* changesBetween(view, view, page.map(withoutNumber));
      }
      yield* changesBetween(seen, view);
      seen = view;
      const result = resultOf(view);
      if (result !== undefined) {
        yield { kind: 'end', result };
        return;
      }
      await sleep(pollMs, undefined, signal && { signal }).catch(() => undefined);
    }
  }

  /** A sentence to show when nobody would take a run that is submitted now, or work of the queue. */
  async missingWorker(queue?: string): Promise<string | undefined> {
    const taskQueue = queue ?? (await this.#temporal.queue());
    if (await this.#temporal.hasWorker(taskQueue)) return undefined;
    return `no worker is polling task queue ${taskQueue} at ${this.#temporal.address ?? ''}: start one with \`pawl up\``;
  }

  /** An outage while following is something to show, not to fail from: the run goes on without us. */
  async #lookAgain(runId: string, seen: RunView | undefined): Promise<RunView> {
    try {
      return await this.look(runId);
    } catch (error) {
      const transient = error instanceof UnreachableError || !(error instanceof UserError);
      if (seen === undefined || !transient) throw error;
      const { status: _, ...kept } = seen;
      return { ...kept, waiting: { message: messageOf(error) } };
    }
  }

  async #recorded(runId: string): Promise<RunView> {
    const stored = await this.#store.run(runId);
    if (stored === undefined) return { runId, outcome: 'pending' };
    const { reason } = stored;
    return { runId, outcome: recordedOutcome(stored), ...(reason !== undefined && { reason }), stored };
  }

  /** The next checkpoints that were judged after the one with this number. A store that is silent says so to the look. */
  async #judged(runId: string, after: number): Promise<Awaited<ReturnType<StoreReader['judgedCheckpoints']>>> {
    const reader = await this.#store.reader().catch(() => undefined);
    return (await reader?.judgedCheckpoints(runId, { after, limit: PAGE }).catch(() => [])) ?? [];
  }

  /** Temporal's word on the outcome stands over what was recorded. */
  async #current(recorded: RunView, execution: WorkflowExecutionDescription): Promise<RunView> {
    const { runId } = recorded;
    const outcome = outcomeOf({ ...execution, cancelRequested: cancelRequested(execution) });
    if (isOver(outcome)) {
      // A server that was slow to answer may speak of a later moment than what was read before it was asked.
      const last = await this.#recorded(runId);
      const reason = last.stored?.outcome === outcome ? last.stored.reason : undefined;
      return { ...last, outcome, reason: reason ?? (await this.#reasonOf(runId)) };
    }
    const status = await this.#temporal.status(runId);
    const waiting = await this.#waitingOf(execution, status);
    const latest = status && (await this.#latestStep(status));
    const now = { outcome, ...(status && { status }), ...(latest && { latest }), ...(waiting && { waiting }) };
    return { ...recorded, ...now };
  }

  async #latestStep({ runId, step, generation }: RunStatus): Promise<StepMetrics | undefined> {
    const reader = await this.#store.reader();
    const newest = await reader?.newestSteps(runId, { limit: 1, generation, afterStep: step });
    return newest?.[0];
  }

  async #waitingOf(
    execution: WorkflowExecutionDescription,
    status: RunStatus | undefined,
  ): Promise<Waiting | undefined> {
    const told = stuckOf(execution) ?? retryOf(execution);
    if (told !== undefined) return told;
    return status === undefined ? this.#silence(execution.taskQueue) : this.#proofWaits(status);
  }

  /** What a proof is tried again for: it has a workflow of its own. */
  async #proofWaits({ proofWorkflow }: RunStatus): Promise<Waiting | undefined> {
    if (proofWorkflow === undefined) return undefined;
    const proof = await this.#temporal.describe(proofWorkflow).catch(() => undefined);
    return proof && retryOf(proof);
  }

  async #silence(queue: string): Promise<Waiting | undefined> {
    const message = await this.missingWorker(queue).catch(() => undefined);
    return message === undefined ? undefined : { message };
  }

  async #reasonOf(runId: string): Promise<string> {
    try {
      return (await this.#temporal.report(runId))?.reason ?? '';
    } catch (error) {
      return failureMessage(error);
    }
  }
}

function withoutNumber(judged: StoredCheckpoint & { readonly seq: number }): StoredCheckpoint {
  const { seq: _, ...checkpoint } = judged;
  return checkpoint;
}

export function unknownRun(reference: string): NotFoundError {
  return new NotFoundError(`There is no run "${reference}".`, '`pawl list` shows those there are.');
}
