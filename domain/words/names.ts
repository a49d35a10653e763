/** Every id and name that pawl plans ahead, as functions of the run: never a string literal at the call. */

/** Default task queue; workers and clients agree on it through PAWL_TASK_QUEUE. */
export const DEFAULT_TASK_QUEUE = 'pawl';

export const RUN_WORKFLOW_TYPE = 'run';

/** A worker may die while it decides: the default lets the run wait for ten seconds. */
export const RUN_TASK_TIMEOUT = '5s';

/** The suite that the fields of `evaluate` themselves make. */
export const MAIN_SUITE = 'main';

/** A run that rents again (its trainer is gone, or it was paused) does so under the next lease. */
export function trainerId(runId: string, lease: number): string {
  return lease === 1 ? `${runId}-trainer` : `${runId}-trainer-${lease}`;
}

export function deploymentId(runId: string, lease: number): string {
  return lease === 1 ? `${runId}-deploy` : `${runId}-deploy-${lease}`;
}

/** How `load_weights` is told of a state: by its bare name on the trainer that saved it, across jobs on another. */
export function stateReference(state: { trainerId: string; path: string }, loadingTrainerId: string): string {
  return state.trainerId === loadingTrainerId ? state.path : `cross_job://${state.trainerId}/${state.path}`;
}

/** In `policy.suite`: what is judged is the loss of rows that are not trained on, which no suite asks for. */
export const VALIDATION_LOSS = 'validation-loss';

/** As what it is told, where scores are. */
export const VALIDATION_METRIC = 'validation loss';

/** A DNS label, e.g. `step-000040-g1`. Unique in a run: a rewind raises the generation. */
export function checkpointName(step: number, generation: number): string {
  return `step-${String(step).padStart(6, '0')}-g${generation}`;
}

/** The last checkpoint of a run, where the same step was already saved as a delta. */
export function finalCheckpointName(step: number, generation: number): string {
  return `final-${String(step).padStart(6, '0')}-g${generation}`;
}

/** Saved for the sake of the base, of weights that were judged before. */
export function isFinalCheckpoint(name: string): boolean {
  return name.startsWith('final-');
}

/** The state that a paused run goes on from, where no checkpoint was due. */
export function pauseName(step: number, generation: number): string {
  return `pause-${String(step).padStart(6, '0')}-g${generation}`;
}

/**
 * Name asked for a sampler snapshot: the checkpoint's name and the run's own eight hex digits, so that snapshots stay
 * unique on a deployment that outlives the run. The name the trainer returns is authoritative.
 */
export function snapshotName(checkpoint: string, runHex: string): string {
  return `${checkpoint}-${runHex}`;
}

/** Apart from the run's own ones, whose ids have an attempt where this has the appraisal. */
export function appraisalEvaluationId(
  { runId, checkpoint }: { runId: string; checkpoint: string },
  appraisalId: string,
  attempt: number,
): string {
  return `${runId}/${checkpoint}/${appraisalId}/a${attempt}`;
}

/**
 * It carries the identity that is asked, and the proof that asks: whatever was drawn under it can never be counted for
 * other weights, nor for another try. Of the main suite, unless a further one is named.
 */
export function evaluationId(
  runId: string,
  { identity, proof, attempt }: { identity: string; proof: number; attempt: number },
  suite?: string,
): string {
  const of = suite === undefined ? '' : `/${suite}`;
  return `${runId}/${identity}${of}/p${proof}a${attempt}`;
}

/** Mark of the n-th branch (from 1) of a run: odd, so that no two of a family are alike, the run's own included. */
export function branchHex(runHex: string, index: number): string {
  const mark = (Number.parseInt(runHex, 16) + index * 0x9e3779b1) >>> 0;
  return mark.toString(16).padStart(8, '0');
}

/** As every run's: its name and its mark. */
export function branchRunId(name: string, runHex: string): string {
  return `${name}-${runHex}`;
}

/** Of the workflow that tries several branches of a run and lets the best go on. */
export function branchesId(runId: string): string {
  return `${runId}-branches`;
}
