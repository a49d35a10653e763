/** What is recorded of runs, by the page: for programs that read all of it, where `show` reads as much as a person looks at. */
import { rentOf } from '../../domain/decide/rent.ts';
import type { RunEvent, StoredCheckpoint, StoredLease, StoredRewind, StoreReader } from '../../store/index.ts';
import type { EvaluationRecord } from '../../store/index.ts';
import type { StoredAnnouncement } from '../../store/rows/announcement-records.ts';
import type { LivePlace, LoggedEvent } from '../../store/rows/live-records.ts';
import type { Verdict } from '../../domain/words/run.ts';
import type { Place } from '../../domain/words/place.ts';
import { NotFoundError } from '../errors.ts';
import { unknownRun } from './run-watch.ts';
import type { RunStore } from './run-store.ts';

/** A page of what may be long; `next`: where more may follow. */
export interface Page<Row, Place> {
  readonly rows: readonly Row[];
  readonly next?: Place;
}

export interface JudgedCheckpoint extends Verdict {
  readonly seq: number;
  readonly checkpoint: string;
  readonly step: number;
  readonly generation: number;
}

/** What a run's machines came to, by its prices. */
export interface RunCosts {
  readonly currency: string;
  /** Absent: the experiment states no prices. */
  readonly total?: number;
  readonly trainerHours: number;
  readonly machines: readonly (StoredLease & { readonly cost?: number })[];
}

/** A deployment that may be serving, and what was last confirmed on every replica of it. */
export interface ServingDeployment extends Partial<Place> {
  readonly deploymentId: string;
  readonly runId: string;
  readonly since: string;
  /** Left serving on purpose when its run ended. */
  readonly kept: boolean;
  readonly serves?: {
    readonly runId: string;
    readonly checkpoint: string;
    readonly identity: string;
    readonly confirmedAt: string;
  };
}

export class Records {
  readonly #store: RunStore;

  constructor(store: RunStore) {
    this.#store = store;
  }

  /** In order of step, generation and saving: the last so many, or the last before one of this name. */
  async checkpoints(
    runId: string,
    { limit, before }: { limit: number; before?: string },
  ): Promise<Page<StoredCheckpoint, string>> {
    const reader = await this.#reader(runId);
    if (before !== undefined && (await reader.checkpointAt(runId, { kind: 'name', name: before })) === undefined) {
      throw new NotFoundError(`Run ${runId} has no checkpoint "${before}".`, 'Begin with the last ones.');
    }
    const rows = await reader.newestCheckpoints(runId, { limit: limit + 1, ...(before !== undefined && { before }) });
    if (rows.length <= limit) return { rows };
    const page = rows.slice(1);
    return { rows: page, ...(page[0] !== undefined && { next: page[0].checkpoint.name }) };
  }

  /** The run's own, in order of step, then of recording; void ones too. */
  async evaluations(runId: string): Promise<readonly EvaluationRecord[]> {
    return (await this.#reader(runId)).evaluations(runId);
  }

  /** In the order in which they were recorded. */
  async verdicts(
    runId: string,
    { after, limit }: { after: number; limit: number },
  ): Promise<Page<JudgedCheckpoint, number>> {
    const judged = await (await this.#reader(runId)).judgedCheckpoints(runId, { after, limit: limit + 1 });
    const rows = judged
      .slice(0, limit)
      .flatMap(({ seq, verdict, checkpoint: { name, step, generation } }) =>
        verdict === undefined ? [] : [{ seq, checkpoint: name, step, generation, ...verdict }],
      );
    const last = judged[limit - 1];
    return { rows, ...(judged.length > limit && last !== undefined && { next: last.seq }) };
  }

  async rewinds(runId: string): Promise<readonly StoredRewind[]> {
    return (await this.#reader(runId)).rewinds(runId);
  }

  /** In the order of the log. */
  async events(runId: string, { after, limit }: { after: number; limit: number }): Promise<Page<RunEvent, number>> {
    const found = await (await this.#reader(runId)).events(runId, { after, limit: limit + 1 });
    const rows = found.slice(0, limit);
    const last = rows.at(-1);
    return { rows, ...(found.length > limit && last !== undefined && { next: last.seq }) };
  }

  async costs(runId: string): Promise<RunCosts> {
    const reader = await this.#reader(runId);
    const { spec } = await reader.getRun(runId);
    const { currency, trainerPerHour, replicaPerHour } = spec.prices;
    const leases = await reader.leases(runId);
    const nowMs = Date.now();
    const priced = trainerPerHour !== 0 || replicaPerHour !== 0;
    const { hours, cost } = rentOf(leases, spec, nowMs);
    return {
      currency,
      trainerHours: hours,
      ...(priced && { total: cost }),
      machines: leases.map((lease) => ({ ...lease, ...(priced && { cost: rentOf([lease], spec, nowMs).cost }) })),
    };
  }

  /** Those that may be rented at this moment, and those that were kept. */
  async deployments(): Promise<readonly ServingDeployment[]> {
    const reader = await this.#store.reader();
    if (reader === undefined) return [];
    const leases = [...(await reader.openLeases()), ...(await reader.keptLeases())];
    const deployments = leases.filter(({ kind }) => kind === 'deployment');
    return Promise.all(
      deployments.map(async ({ id, runId, plannedAt, keptAt, platform, account }) => {
        const serves = await served(reader, id, runId);
        return {
          deploymentId: id,
          runId,
          since: plannedAt,
          kept: keptAt !== undefined,
          ...(platform !== undefined && account !== undefined && { platform, account }),
          ...(serves !== undefined && { serves }),
        };
      }),
    );
  }

  /** The end of what happened, of all runs. */
  async livePlace(): Promise<LivePlace> {
    return (await (await this.#store.reader())?.livePlace()) ?? { log: 0, told: 0 };
  }

  /** Lines of logs behind one, of all runs or of one. */
  async logAfter(page: Parameters<StoreReader['logAfter']>[0]): Promise<readonly LoggedEvent[]> {
    return (await (await this.#store.reader())?.logAfter(page)) ?? [];
  }

  /** What people are to be told, behind one. */
  async toldAfter(page: Parameters<StoreReader['toldAfter']>[0]): Promise<readonly StoredAnnouncement[]> {
    return (await (await this.#store.reader())?.toldAfter(page)) ?? [];
  }

  async #reader(runId: string): Promise<StoreReader> {
    const reader = await this.#store.reader();
    if (reader === undefined) throw unknownRun(runId);
    return reader;
  }
}

/** Whatever was confirmed last: a sync of its run, or a rollback by hand. */
async function served(reader: StoreReader, deploymentId: string, runId: string): Promise<ServingDeployment['serves']> {
  const [back] = (await reader.rollbacks(deploymentId)).slice(-1);
  const rollback = back && {
    runId: back.runId,
    checkpoint: back.checkpoint,
    identity: back.identity,
    confirmedAt: back.confirmedAt,
  };
  const synced = (await reader.newestCheckpoints(runId, { limit: SYNCED }))
    .flatMap(({ checkpoint, sync }) =>
      sync === undefined
        ? []
        : [{ runId, checkpoint: checkpoint.name, identity: sync.identity, confirmedAt: sync.confirmedAt }],
    )
    .sort((one, other) => one.confirmedAt.localeCompare(other.confirmedAt))
    .at(-1);
  if (rollback === undefined || synced === undefined) return rollback ?? synced;
  return rollback.confirmedAt > synced.confirmedAt ? rollback : synced;
}

/** The last that was saved may still be on its way to the deployment. */
const SYNCED = 10;
