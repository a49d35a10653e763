/** What a run saves, where it is served, and whom it speaks to. */

import type { Place } from './place.ts';

/** Everything needed to speak to the run's model; changes as a whole when a run reconnects. */
export interface Connection extends Partial<Place> {
  readonly trainerId: string;
  readonly sessionId: string;
  readonly modelId: string;
}

/** The deployment that weights are synced to; `baseModel` is the deployment's own. */
export interface Target extends Partial<Place> {
  readonly deploymentId: string;
  readonly baseModel: string;
  readonly replicas: number;
}

export type SnapshotType = 'base' | 'delta';

export interface Checkpoint extends Partial<Place> {
  readonly name: string;
  readonly step: number;
  readonly generation: number;
  /** Path of the resumable state, as the trainer returned it. */
  readonly statePath: string;
  readonly snapshotType: SnapshotType;
  /** What a replica reports once it serves this snapshot, as the trainer returned it. */
  readonly identity: string;
  /** For a delta: the identity that it was made from. */
  readonly previousIdentity?: string;
  /** The trainer that saved the snapshot, and so whose bucket holds it. Absent: the run's first one. */
  readonly trainerId?: string;
  /** The trainer that saved the resumable state, where it is another one: a run may have rented anew since. */
  readonly stateTrainerId?: string;
}

/** Replicas that confirmed a snapshot. */
export interface SyncResult {
  readonly identity: string;
  readonly replicas: number;
  readonly seconds: number;
}
