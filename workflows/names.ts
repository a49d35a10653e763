/** Every id and name that pawl plans ahead, as functions of the run: never a string literal at the call. */

/** Default task queue; workers and clients agree on it through PAWL_TASK_QUEUE. */
export const DEFAULT_TASK_QUEUE = 'pawl';

export const RUN_WORKFLOW_TYPE = 'run';

export function trainerId(runId: string): string {
  return `${runId}-trainer`;
}

export function deploymentId(runId: string): string {
  return `${runId}-deploy`;
}

/** A DNS label, e.g. `step-000040-g1`. Unique in a run: a rewind raises the generation. */
export function checkpointName(step: number, generation: number): string {
  return `step-${String(step).padStart(6, '0')}-g${generation}`;
}

/** The last checkpoint of a run, where the same step was already saved as a delta. */
export function finalCheckpointName(step: number, generation: number): string {
  return `final-${String(step).padStart(6, '0')}-g${generation}`;
}

/**
 * Name asked for a sampler snapshot: the checkpoint's name and the run's own eight hex digits, so that snapshots stay
 * unique on a deployment that outlives the run. The name the trainer returns is authoritative.
 */
export function snapshotName(checkpoint: string, runHex: string): string {
  return `${checkpoint}-${runHex}`;
}

export function evaluationId(runId: string, checkpoint: string, attempt: number): string {
  return `${runId}/${checkpoint}/a${attempt}`;
}
