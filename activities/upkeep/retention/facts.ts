/** What retention looks at, as the store and Temporal have it at this moment: run by run, and of each what leads to it. */
import { chainTo } from '../../../domain/decide/snapshot-chain.ts';
import { MAIN_SUITE } from '../../../domain/words/names.ts';
import type { RunDirectory } from '../reconcile.ts';
import type { Store, StoredCheckpoint, StoredLease, StoredRun } from '../../../store/index.ts';
import type { RunToKeep, Tie } from './reachable.ts';

/** Promotions that came to nothing lead nowhere. */
const VAIN: ReadonlySet<string> = new Set(['refused', 'rejected', 'expired', 'failed']);

/** Runs that are held at the same time. */
const PAGE = 100;

/** Every run, however many there are. */
export async function* allRuns(store: Store): AsyncGenerator<StoredRun> {
  for (let after = ''; ;) {
    const runs = await store.runsAfter(after, PAGE);
    yield* runs;
    after = runs.at(-1)?.runId ?? after;
    if (runs.length < PAGE) return;
  }
}

/** By run, what outside of it leads to one of its checkpoints. */
export async function allTies(store: Store): Promise<ReadonlyMap<string, readonly Tie[]>> {
  const branched = await store.branchPoints();
  const served = await store.takenBack();
  const promoted = (await store.promotions()).filter(({ state }) => !VAIN.has(state));
  const ties: Tie[] = [
    ...branched.map(({ branch, ...at }) => ({ ...at, reason: `${branch} branched off here` })),
    ...promoted.map(({ runId, checkpoint, alias, state }) => ({
      runId,
      checkpoint,
      reason: `${state} for alias ${alias}`,
    })),
    ...served.map(({ deploymentId, ...at }) => ({ ...at, reason: `deployment ${deploymentId} was taken back to it` })),
  ];
  const byRun = new Map<string, Tie[]>();
  for (const tie of ties) {
    const known = byRun.get(tie.runId);
    if (known === undefined) byRun.set(tie.runId, [tie]);
    else known.push(tie);
  }
  return byRun;
}

/** Why nothing of a run may go: it goes on, or something is rented for a checkpoint of it. */
export async function busyWith(
  { runId, outcome }: StoredRun,
  lease: StoredLease | undefined,
  { directory, signal }: { directory: RunDirectory; signal: AbortSignal },
): Promise<string | undefined> {
  if (lease !== undefined) return `${lease.kind} ${lease.id} is rented for its run`;
  const recorded = outcome === 'finished' || outcome === 'failed' || outcome === 'cancelled';
  // A run that was terminated recorded no end of its own.
  return recorded || (await directory.endOf(runId, signal)) !== undefined ? undefined : 'its run goes on';
}

/** Of a run that is over, the checkpoints that anything could lead to, each with all that it is a delta on. */
export async function runToKeep(
  store: Store,
  { runId, spec: { policy } }: StoredRun,
  ties: readonly Tie[],
): Promise<RunToKeep> {
  const { direction, suite = MAIN_SUITE } = policy;
  const found = new Map<string, StoredCheckpoint>();
  const add = (row: StoredCheckpoint | undefined): void => {
    if (row !== undefined) found.set(row.checkpoint.name, row);
  };
  add(await store.checkpointAt(runId, { kind: 'baseline' }));
  add(await store.checkpointAt(runId, { kind: 'best', direction, ...(suite !== MAIN_SUITE && { suite }) }));
  for (const { checkpoint } of ties) {
    const row = await store.checkpointAt(runId, { kind: 'name', name: checkpoint });
    if (row?.checkpoint.name === checkpoint) add(row);
  }
  add(await store.checkpointAt(runId, { kind: 'last' }));
  const named = [...found.keys()];
  for (const name of named) {
    const snapshots = await store.snapshotsTo(runId, name);
    if (chainTo(runId, snapshots, name).kind === 'none') continue;
    for (const before of snapshots.slice(0, -1)) {
      if (!found.has(before.name)) add(await store.checkpointAt(runId, { kind: 'name', name: before.name }));
    }
  }
  const order = ({
    checkpoint: { step, generation },
    savedAt,
  }: StoredCheckpoint): readonly [number, number, string] => [step, generation, savedAt];
  const rows = [...found.values()].toSorted((one, other) => {
    const [a, b] = [order(one), order(other)];
    return a[0] - b[0] || a[1] - b[1] || a[2].localeCompare(b[2]);
  });
  return { runId, policy, rows };
}
