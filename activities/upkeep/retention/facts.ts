/** Everything that retention looks at, as the store and Temporal have it at this moment. */
import type { RunDirectory } from '../reconcile.ts';
import type { Store, StoredLease, StoredRun } from '../../../store/index.ts';
import type { RunToKeep, Tie } from './reachable.ts';

export interface RetentionFacts {
  readonly runs: readonly StoredRun[];
  readonly toKeep: readonly RunToKeep[];
  readonly ties: readonly Tie[];
  /** A run whose data may be pinned, and is not recorded yet. */
  readonly planning?: string;
}

/** Promotions that came to nothing lead nowhere. */
const VAIN: ReadonlySet<string> = new Set(['refused', 'rejected', 'expired', 'failed']);

export async function retentionFacts(
  { store, directory }: { store: Store; directory: RunDirectory },
  signal: AbortSignal,
): Promise<RetentionFacts> {
  const runs = await store.listRuns({ limit: Number.MAX_SAFE_INTEGER });
  const open = new Map((await store.openLeases()).map((lease) => [lease.runId, lease]));
  const toKeep: RunToKeep[] = [];
  const served: Tie[] = [];
  let planning: string | undefined;
  for (const run of runs) {
    const { runId, spec, plan } = run;
    const busy = await busyWith(run, open.get(runId), async () => directory.endOf(runId, signal));
    if (busy !== undefined && plan === undefined) planning ??= runId;
    const rows = await store.checkpointReports(runId);
    toKeep.push({ runId, policy: spec.policy, rows, ...(busy !== undefined && { busy }) });
    for (const lease of await store.leases(runId)) served.push(...(await servedBy(store, lease)));
  }
  const ties = [...branchPoints(runs), ...(await promoted(store)), ...served];
  return { runs, toKeep, ties, ...(planning !== undefined && { planning }) };
}

/** Why nothing of a run may go: it goes on, or something is rented for a checkpoint of it. */
async function busyWith(
  { outcome }: StoredRun,
  lease: StoredLease | undefined,
  end: () => Promise<unknown>,
): Promise<string | undefined> {
  if (lease !== undefined) return `${lease.kind} ${lease.id} is rented for its run`;
  const recorded = outcome === 'finished' || outcome === 'failed' || outcome === 'cancelled';
  // A run that was terminated recorded no end of its own.
  return recorded || (await end()) !== undefined ? undefined : 'its run goes on';
}

/** A deployment serves what it was last taken back to; what its run put there is that run's last checkpoint anyway. */
async function servedBy(store: Store, { kind, id, state }: StoredLease): Promise<Tie[]> {
  if (kind !== 'deployment' || state === 'gone') return [];
  const last = (await store.rollbacks(id)).at(-1);
  return last === undefined ? [] : [{ ...last, reason: `deployment ${id} was taken back to it` }];
}

function branchPoints(runs: readonly StoredRun[]): Tie[] {
  return runs.flatMap(({ runId, parent }) =>
    parent === undefined ? [] : [{ ...parent, reason: `${runId} branched off here` }],
  );
}

async function promoted(store: Store): Promise<Tie[]> {
  const promotions = await store.promotions();
  return promotions
    .filter(({ state }) => !VAIN.has(state))
    .map(({ runId, checkpoint, alias, state }) => ({ runId, checkpoint, reason: `${state} for alias ${alias}` }));
}
