/** A run as people and programs see it from outside: what Temporal, the run itself and the store say, put together. */
import type {
  RunEvent,
  StepSpan,
  StoredAppraisal,
  StoredChange,
  StoredCheckpoint,
  StoredRewind,
  StoredRun,
} from '../../store/index.ts';
import type { RunSpec } from '../../domain/spec/spec.ts';
import type { BranchesStatus } from '../../domain/words/branches.ts';
import type { Evaluation } from '../../domain/words/evaluation.ts';
import type { Phase, RunOutcome, RunReport, RunStatus } from '../../domain/words/run.ts';
import type { StepMetrics } from '../../domain/words/training.ts';

/** Why a run stands still for now, although nothing is lost. */
export interface Waiting {
  readonly message: string;
  /** Of the activity that is tried again. */
  readonly attempt?: number;
}

/** One moment of a run. */
export interface RunView {
  readonly runId: string;
  readonly outcome: RunOutcome;
  readonly reason?: string;
  /** The run's own answer; absent when it is over or nobody answers. */
  readonly status?: RunStatus;
  /** A step of the window that trains now: the run itself hears of it when the window is done. */
  readonly latest?: StepMetrics;
  readonly waiting?: Waiting;
  /** What a worker recorded of it; absent until one took the run. */
  readonly stored?: StoredRun;
}

/** A moment, and what was recorded on the way to it: as much as a person looks at, however long the run is. */
export interface RunDetails extends RunView {
  /** A page of them, in order: the last ones, unless earlier ones were asked for. */
  readonly checkpoints: readonly StoredCheckpoint[];
  /** Of all of them. */
  readonly checkpointCount: number;
  /** Where they are not on the page: the first that was evaluated, and the best so far. */
  readonly landmarks: readonly StoredCheckpoint[];
  /** The last ones. `Runs.steps` pages through all of them. */
  readonly steps: readonly StepMetrics[];
  /** The whole run in at most a hundred pieces. */
  readonly curve: readonly StepSpan[];
  readonly rewinds: readonly StoredRewind[];
  /** What was set while it ran. */
  readonly changes: readonly StoredChange[];
  /** What was evaluated beside the run, and why. */
  readonly appraisals: readonly StoredAppraisal[];
  /** The last ones. `Runs.events` has all of them. */
  readonly events: readonly RunEvent[];
  /** Of a run that ended for branches to go on. */
  readonly branches?: BranchesStatus;
}

/** How a run ended. */
export interface RunResult {
  readonly runId: string;
  readonly outcome: RunOutcome;
  readonly reason: string;
  /** Of a run that finished. */
  readonly report?: RunReport;
}

/** One line of the list of runs. */
export interface RunSummary {
  readonly runId: string;
  readonly outcome: RunOutcome;
  readonly createdAt: string;
  readonly phase?: Phase;
  readonly step?: number;
  readonly steps?: number;
  readonly reason?: string;
  /** The best so far, by what the run's policy judges. */
  readonly score?: Pick<Evaluation, 'score' | 'low' | 'high' | 'metric' | 'step'>;
  /** From submission to its end, or until now. */
  readonly seconds?: number;
  /** What its machines came to by its prices, from planning to return; absent where it states none. */
  readonly cost?: { readonly amount: number; readonly currency: string };
  /** Absent while no worker has taken it. */
  readonly spec?: RunSpec;
}

export interface Progress {
  readonly phase: Phase;
  readonly step: number;
  readonly steps?: number;
}

/** Where the run is, by the best source there is. */
export function progressOf({ status, stored, latest }: RunView): Progress {
  if (status !== undefined) {
    return { phase: status.phase, step: latest?.step ?? status.step, ...known(status.steps) };
  }
  if (stored !== undefined) return { phase: stored.phase, step: stored.step, ...plannedSteps(stored) };
  return { phase: 'plan', step: 0 };
}

/** Of a run that is given in epochs, the steps are only known once it is planned. */
export function plannedSteps({ plan, spec }: StoredRun): { steps?: number } {
  return known(plan?.steps ?? spec.train.steps);
}

function known(steps: number): { steps?: number } {
  return steps === 0 ? {} : { steps };
}

/** What the store says of a run: it holds those that a worker took, so none of them is pending. */
export function recordedOutcome({ outcome }: StoredRun): RunOutcome {
  return outcome === 'pending' ? 'running' : outcome;
}

/** Nothing more happens to a run with this outcome. */
export function isOver(outcome: RunOutcome): boolean {
  return outcome === 'finished' || outcome === 'failed' || outcome === 'cancelled' || outcome === 'crashed';
}
