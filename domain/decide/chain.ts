/**
 * The delta chain of one target, as pure functions. A delta may only be loaded on top of the identity it was made from,
 * and the trainer diffs against its own previous snapshot; so a delta is only safe while every snapshot saved so far was
 * confirmed on every replica.
 */
import type { SnapshotType } from '../words/checkpoint.ts';

export interface ChainState {
  /** Identity last confirmed on every replica. */
  readonly confirmed?: string;
  /** The next snapshot must be a base. */
  readonly forceBase: boolean;
  /** Deltas confirmed since the last base. */
  readonly deltas: number;
}

export const NEW_CHAIN: ChainState = { forceBase: true, deltas: 0 };

export interface SnapshotPlan {
  readonly type: SnapshotType;
  /** For a delta: the identity it must be loaded on. */
  readonly previousIdentity?: string;
}

/** LoRA snapshots are whole adapters, so always `base`; the last one of a run is `base` so that it can be promoted. */
export function planSnapshot(
  chain: ChainState,
  rules: { lora: boolean; baseEvery: number; final: boolean },
): SnapshotPlan {
  const { confirmed } = chain;
  const base = rules.lora || rules.final || chain.forceBase || chain.deltas + 1 >= rules.baseEvery;
  if (base || confirmed === undefined) return { type: 'base' };
  return { type: 'delta', previousIdentity: confirmed };
}

/**
 * From the moment a save is asked for until it is confirmed, the trainer's idea of "previous" and the replicas' may
 * differ: whatever happens in between, the next snapshot is a base.
 */
export function snapshotRequested(chain: ChainState): ChainState {
  return { ...chain, forceBase: true };
}

export function snapshotConfirmed(chain: ChainState, identity: string, type: SnapshotType): ChainState {
  return { confirmed: identity, forceBase: false, deltas: type === 'base' ? 0 : chain.deltas + 1 };
}
