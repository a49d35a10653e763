/** What must be loaded to serve a checkpoint again: its base, then each delta on the identity it was made from. Pure. */
import type { Checkpoint } from '../words/checkpoint.ts';
import { trainerId } from '../words/names.ts';

type SnapshotChain =
  | {
      readonly kind: 'chain';
      /** The base first, the checkpoint itself last. */
      readonly snapshots: readonly Checkpoint[];
      /** Whose bucket holds them all. */
      readonly trainerId: string;
    }
  /** It cannot be served again, and why. */
  | { readonly kind: 'none'; readonly reason: string };

/** The trainer that saved a checkpoint's snapshot: rows of earlier versions do not say, and had one trainer only. */
export function snapshotTrainer(runId: string, checkpoint: Checkpoint): string {
  return checkpoint.trainerId ?? trainerId(runId, 1);
}

/** From all checkpoints of a run, the chain that ends with the one of this name. */
export function chainTo(runId: string, checkpoints: readonly Checkpoint[], name: string): SnapshotChain {
  const wanted = checkpoints.find((checkpoint) => checkpoint.name === name);
  if (wanted === undefined) return none(`run ${runId} has no checkpoint ${name}`);
  const byIdentity = new Map(checkpoints.map((checkpoint) => [checkpoint.identity, checkpoint]));
  const trainer = snapshotTrainer(runId, wanted);
  const snapshots = [wanted];
  let first = wanted;
  while (first.snapshotType === 'delta') {
    const before = first.previousIdentity === undefined ? undefined : byIdentity.get(first.previousIdentity);
    if (before === undefined || snapshots.includes(before)) {
      const on = first.previousIdentity ?? 'an unknown identity';
      return none(`delta ${first.name} was made from ${on}, which no checkpoint of the run has any more`);
    }
    if (snapshotTrainer(runId, before) !== trainer) {
      return none(`delta ${first.name} was made from ${before.name}, which is in the bucket of another trainer`);
    }
    snapshots.unshift(before);
    first = before;
  }
  return { kind: 'chain', snapshots, trainerId: trainer };
}

function none(reason: string): SnapshotChain {
  return { kind: 'none', reason };
}
