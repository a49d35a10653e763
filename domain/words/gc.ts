/** What pawl itself keeps and nothing leads to any more: samples of checkpoints, artifacts. */

export const GC_WORKFLOW_TYPE = 'gc';

/** One at a time for all workers of a task queue. */
export function gcWorkflowId(taskQueue: string): string {
  return `pawl-gc-${taskQueue}`;
}

export interface GcInput {
  /** Look, and say what would be removed. */
  readonly dryRun: boolean;
  /** What is younger stays; an artifact that was written within the last day does in any case. */
  readonly olderThanHours?: number;
}

/** Samples of one checkpoint's evaluations; their scores stay. */
export interface UnreachableSamples {
  readonly runId: string;
  readonly checkpoint: string;
  readonly evaluations: number;
  readonly samples: number;
  readonly bytes: number;
}

export interface UnreachableArtifact {
  readonly hash: string;
  readonly bytes: number;
  /** A prompt set that was added, and is forgotten with its artifact. */
  readonly promptSet: boolean;
}

export interface KeptCheckpoint {
  readonly runId: string;
  readonly checkpoint: string;
  readonly reasons: readonly string[];
}

export interface KeptArtifact {
  readonly hash: string;
  readonly bytes: number;
  readonly reason: string;
}

/** A list as long as a message may hold, and what it all adds up to. */
export interface Listing<Item> {
  readonly items: readonly Item[];
  /** Of how many in all. */
  readonly count: number;
  readonly bytes: number;
}

export interface GcReport {
  readonly dryRun: boolean;
  /** Removed, or, by a dry run, what would be. */
  readonly samples: Listing<UnreachableSamples>;
  readonly artifacts: Listing<UnreachableArtifact>;
  readonly keptCheckpoints: Listing<KeptCheckpoint>;
  readonly keptArtifacts: Listing<KeptArtifact>;
}

/** Doing it again removes what has become unreachable since, and nothing else. */
export interface GcActivities {
  collectGarbage(input: GcInput): Promise<GcReport>;
}
