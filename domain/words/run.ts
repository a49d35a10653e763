/** What a run is given, what its activities do, what it reports. */
import type { Checkpoint, Connection, SnapshotType, SyncResult, Target, Validation } from './checkpoint.ts';
import type { ReferenceInput, ValidationInput, WindowInput, WindowResult } from './training.ts';
import type { Plan } from './plan.ts';
import type { Coordinator, Parent } from './branches.ts';
import type { Evaluation, EvaluationInput, EvaluationOutcome } from './evaluation.ts';
import type { HandOver } from './machines.ts';
import type { Place } from './place.ts';
import type { AskedChange, BudgetChange, LiveChange } from './live-changes.ts';
import type { RunSpec } from '../spec/spec.ts';
import type { PinnedStart } from './start-from.ts';
import type { TrialOf } from './trial.ts';
import type { CapacityWait } from '../decide/told-of-waiting.ts';
import type { BudgetShare } from '../decide/budget-share.ts';
import type { Standing } from '../decide/interrupts.ts';

/** Kinds of failure that reach a workflow: the `type` of an `ApplicationFailure`. */
export type FailureType =
  /** The request can never succeed as it stands: fix the spec, the data or the account. Not retried. */
  | 'InvalidRequest'
  /** Key missing, refused, or not allowed to train. Not retried. */
  | 'Unauthorized'
  /** The platform no longer knows the session, model or request, or a number was reused with another body. */
  | 'LostTrainer'
  /** The trainer's id can never be used again (deleted, archived, or not to be revived): another must be rented. */
  | 'TrainerGone'
  /** The deployment is gone or broken: another must be rented. */
  | 'DeploymentGone'
  /** A snapshot could not be loaded on every replica. The next one must be a base. */
  | 'SyncFailed'
  /** A grader refuses to grade, or says nothing that can be read: trying again would not mend it. The answers are kept. */
  | 'GraderFailed'
  /** The platform failed or could not be reached for longer than we were told to wait. Retried. */
  | 'Unavailable'
  /** Rented at another platform or account than this worker's: left to a worker that can. Retried. */
  | 'WrongPlatform';

/** Where a run is. `crashed` is what Temporal says of a run that was terminated or timed out. */
export type RunOutcome = 'pending' | 'running' | 'cancelling' | 'finished' | 'failed' | 'cancelled' | 'crashed';

export type Phase =
  | 'plan'
  | 'provision'
  | 'connect'
  | 'baseline'
  | 'train'
  | 'checkpoint'
  | 'sync'
  | 'evaluate'
  | 'decide'
  | 'finish'
  | 'rewind'
  | 'pause'
  | 'paused'
  | 'parked'
  | 'release'
  | 'done';

export interface RunInput {
  readonly runId: string;
  readonly spec: RunSpec;
  /** Eight hex digits drawn once, at submission: part of every snapshot's name. */
  readonly runHex: string;
  /** The checkpoint of another run that this one goes on from; absent: the base model, at step 0. */
  readonly parent?: Parent;
  /** Of a branch on trial. */
  readonly coordinator?: Coordinator;
  /** Of a trial. */
  readonly sweep?: TrialOf;
}

export type VerdictKind = 'continue' | 'stop' | 'branch' | 'inconclusive';

export interface Verdict {
  readonly kind: VerdictKind;
  readonly reason: string;
}

/** Proof of release: what the platform said of each lease after we let go. */
export interface Release {
  readonly trainerState: string;
  readonly deploymentState: string;
}

/** One row of the table a person reads at the end. */
export interface CheckpointReport {
  readonly checkpoint: Checkpoint;
  readonly evaluation?: Evaluation;
  /** Of further suites, those that were due. */
  readonly suites?: readonly Evaluation[];
  readonly verdict?: Verdict;
}

export interface RunReport {
  readonly runId: string;
  readonly outcome: 'finished';
  readonly reason: string;
  readonly steps: number;
  readonly best?: CheckpointReport;
  readonly last?: CheckpointReport;
  readonly release: Release;
}

/** What a run answers at any time, without touching a backend. */
export interface RunStatus {
  readonly runId: string;
  /** What the run can be asked for, and what becomes of it then: `EFFECTS` in domain/decide/interrupts.ts. */
  readonly standing: Standing;
  /** What it waits for, where it does. */
  readonly waitsFor?: WaitsFor;
  /** Where a stop now would leave steps without an evaluation: how many. */
  readonly unevaluatedSteps?: number;
  /** The newest saved state, which `branch` can name, and until when the platform keeps it. */
  readonly saved?: { readonly checkpoint: string; readonly step: number; readonly untilMs?: number };
  readonly phase: Phase;
  readonly step: number;
  readonly steps: number;
  readonly generation: number;
  readonly lossMean?: number;
  readonly secondsPerStep?: number;
  readonly checkpoint?: string;
  /** Identity confirmed on every replica, if any. */
  readonly identity?: string;
  readonly score?: number;
  readonly baselineScore?: number;
  readonly bestScore?: number;
  readonly rentedSinceMs?: number;
  readonly costPerHour?: number;
  readonly stopRequested: boolean;
  readonly pauseRequested: boolean;
  /** Checkpoint that is synced and evaluated while training goes on. */
  readonly proving?: string;
  /** The workflow of a proof that is not over, beside training or not. */
  readonly proofWorkflow?: string;
  readonly rewinds: number;
  /** What was changed while the run went on, and what is asked for and waits for the next saved state. */
  readonly changes?: readonly LiveChange[];
  readonly asked?: readonly AskedChange[];
}

/** Why nothing moves, and since when. */
export interface WaitsFor {
  readonly what: 'capacity' | 'readiness' | 'access' | 'resume' | 'evaluation' | 'release' | 'budget';
  readonly sinceMs: number;
  /** What the platform says of it. */
  readonly said?: string;
}

/** Going back to the last completed checkpoint after an outcome that cannot be known. */
export interface Rewind {
  /** The one that begins with this rewind. */
  readonly generation: number;
  readonly cause: string;
  readonly fromStep: number;
  readonly toStep: number;
  /** What was rented and must be trained again, and what that cost: not the time in which nobody was there. */
  readonly seconds: number;
  readonly cost: number;
}

/** What `record` writes: rows keyed by what they are, so that a retry rewrites the same ones. */
export interface RunRecord {
  readonly runId: string;
  readonly phase: Phase;
  readonly step: number;
  readonly generation: number;
  readonly plan?: Plan;
  /** With the plan of a branch. */
  readonly parent?: Parent;
  readonly checkpoint?: Checkpoint;
  readonly verdict?: Verdict & { readonly checkpoint: string; readonly diverged?: true };
  /** Those that the verdict rests on, as they were recorded: written again where a store that was set back lost them. */
  readonly evaluations?: readonly Evaluation[];
  readonly rewind?: Rewind;
  /** Those of the experiment that took effect now. */
  readonly changes?: readonly LiveChange[];
  readonly budgetChanges?: readonly BudgetChange[];
  /** Nothing is left of a named budget to rent with. */
  readonly awaitsBudget?: { readonly reason: string; readonly sinceMs: number };
  readonly outcome?: RunOutcome;
  readonly reason?: string;
  readonly release?: Release;
  /** Of a run that ends because it diverged. */
  readonly diverged?: true;
  /** Of one that is paused, or waits until somebody mends its account. */
  readonly rests?: { readonly sinceMs: number; readonly why?: string };
  /** Limits of the budget of which half is used up, or more. */
  readonly spent?: readonly BudgetShare[];
  readonly mark?: RecordMark;
  readonly machines?: MachinesOfRun;
}

/** Every machine that a run ever planned: the ids follow from how many there were (names.ts). Goes with every record. */
export interface MachinesOfRun {
  /** What their ids begin with; absent: the run's own. */
  readonly namedAfter?: string;
  readonly trainers: number;
  readonly deployments: number;
  /** What may be rented at this moment: the last of its kind. */
  readonly trainerId?: string;
  readonly deploymentId?: string;
  /** The platform's last word on the last of each kind, once it is returned. */
  readonly returned?: Release;
  /** The last deployment was left serving on purpose. */
  readonly kept?: true;
}

/** Which of a run's records one is, counted from 1, and up to which one the run knows that the store has them. */
export interface RecordMark {
  readonly seq: number;
  readonly acknowledged: number;
}

/** `missing`: the store does not hold what it was told before; it was lost, or replaced by an older copy. */
interface Recorded {
  readonly missing: boolean;
}

/** All that a workflow holds of its run: what is written into a store that lost it. */
export interface RunFacts {
  readonly run: RunInput;
  readonly startedAt: string;
  readonly phase: Phase;
  readonly step: number;
  readonly generation: number;
  readonly outcome: RunOutcome;
  readonly reason: string;
  readonly mark: RecordMark;
  readonly plan?: Plan;
  readonly checkpoints: readonly CheckpointReport[];
  readonly rewinds: readonly Rewind[];
  readonly changes?: readonly LiveChange[];
  /** What may be rented at this moment. */
  readonly trainerId?: string;
  readonly deploymentId?: string;
  readonly machines?: MachinesOfRun;
}

/** What the platform says of a machine. */
export interface MachineSight {
  /** `capacity`: not rented yet, and nothing is charged. `ended`: its process is over and can be started again. */
  readonly standing: 'capacity' | 'starting' | 'ready' | 'ended' | 'gone';
  /** The platform's own word, and what it says about it. */
  readonly state: string;
  readonly detail?: string;
}

/** Every side effect of a run. Each may be executed again after a crash and must then change nothing more. */
export interface Activities {
  /** Validates against the platform, pins dataset and prompts, prices the run. Rents nothing. */
  plan(input: RunInput): Promise<Plan>;
  createTrainer(input: {
    runId: string;
    trainerId: string;
    plan: Plan;
    spec: RunSpec;
    /** One that only says how likely texts are: a frozen reference. */
    frozen?: true;
  }): Promise<void>;
  /** Looks once, and waits for nothing: whoever waits does so in the workflow. */
  lookTrainer(input: {
    trainerId: string;
    place?: Place;
    /** Known to wait for capacity: people are told of it, from time to time. */
    waits?: CapacityWait;
  }): Promise<MachineSight>;
  /** Asks a trainer that ended to go on. */
  resumeTrainer(input: { trainerId: string; place?: Place }): Promise<void>;
  createDeployment(input: {
    runId: string;
    deploymentId: string;
    trainerId: string;
    plan: Plan;
    spec: RunSpec;
    /** The workflow that will return it, where that is not the run. */
    holder?: string;
  }): Promise<Target>;
  lookDeployment(input: { target: Target; place?: Place }): Promise<MachineSight>;
  /** Fails while the account's key is refused, or the platform is away. */
  tryAccess(): Promise<void>;
  openSession(input: { runId: string; trainerId: string; place?: Place }): Promise<string>;
  createModel(input: { trainerId: string; sessionId: string; plan: Plan; spec: RunSpec }): Promise<Connection>;
  /** Weights and optimizer as they were when the state was saved. */
  loadState(input: { connection: Connection; path: string; seq: number }): Promise<void>;
  /** The weights that training begins with, into a model that nothing was trained in. */
  loadStart(input: { connection: Connection; start: PinnedStart; seq: number }): Promise<void>;
  /** What the base model thinks of the examples; an artifact, made once for the same data and model. */
  scoreReference(input: ReferenceInput): Promise<string>;
  trainWindow(input: WindowInput): Promise<WindowResult>;
  /** How the weights as they are do on the rows that are held out; changes nothing. Null: the loss is no number. */
  measureLoss(input: ValidationInput): Promise<Validation | null>;
  saveState(input: { connection: Connection; name: string; seq: number }): Promise<string>;
  saveSnapshot(input: { connection: Connection; name: string; type: SnapshotType; seq: number }): Promise<string>;
  /** Loads the snapshot and returns once every replica is ready and reports it. */
  syncSnapshot(input: {
    /** Whose session is kept alive meanwhile; absent: a deployment beside no run. */
    connection?: Connection;
    target: Target;
    identity: string;
    previousIdentity?: string;
  }): Promise<SyncResult>;
  evaluate(input: EvaluationInput): Promise<EvaluationOutcome>;
  record(input: RunRecord): Promise<Recorded>;
  /** Into a store that misses it; changes nothing that is there. */
  restoreRecord(input: RunFacts): Promise<void>;
  /** What a proof found out beside its run. */
  recordSync(input: { runId: string; checkpoint: Checkpoint; sync: SyncResult }): Promise<void>;
  /** Whether a proof of which nothing was heard is still at it. */
  proofRuns(input: { workflowId: string }): Promise<boolean>;
  /** Whose these machines are to return from here on. */
  handOver(input: HandOver): Promise<void>;
  /** Returns the platform's last word on the trainer. */
  releaseTrainer(input: { trainerId: string; place?: Place }): Promise<string>;
  releaseDeployment(input: {
    deploymentId: string;
    onFinish: RunSpec['deployment']['onFinish'];
    place?: Place;
  }): Promise<string>;
}

/** The workflow itself, for those that start it. */
export type RunWorkflow = (input: RunInput) => Promise<RunReport>;
