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

/** What rows that are not trained on say of a checkpoint's weights: the same weights and rows say the same. */
export interface Validation {
  /**
   * Of rows the mean of −log p over their trained tokens, in nats, whatever is minimised; of preferences the mean of the
   * run's own loss over pairs.
   */
  readonly loss: number;
  /** Examples, pairs, or labelled rows. */
  readonly rows: number;
  /** Those that counted. */
  readonly tokens: number;
  /** Of preferences, by the names that steps tell them by. */
  readonly metrics?: Readonly<Record<string, number>>;
}

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
  /** Absent: none was asked for, or it was no number. */
  readonly validation?: Validation;
}

/** Replicas that confirmed a snapshot. */
export interface SyncResult {
  readonly identity: string;
  readonly replicas: number;
  readonly seconds: number;
}
