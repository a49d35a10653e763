/** Checkpoints served again, beside any run: evaluated (an appraisal), brought back to a deployment, searched for a fall. */
import type { Checkpoint, SyncResult, Target } from './checkpoint.ts';
import type { Plan } from './plan.ts';
import type { Evaluation } from './evaluation.ts';
import type { RunSpec } from '../spec/spec.ts';

export const APPRAISE_WORKFLOW_TYPE = 'appraise';
export const ROLLBACK_WORKFLOW_TYPE = 'rollback';
export const BISECT_WORKFLOW_TYPE = 'bisect';

/** Two rollbacks of one deployment never run at the same time. */
export function rollbackWorkflowId(deploymentId: string): string {
  return `pawl-rollback-${deploymentId}`;
}

/** How the answers are drawn and graded: what a run's spec says, with what its plan pinned. */
export interface AppraisedSuite {
  readonly evaluate: RunSpec['evaluate'];
  readonly plan: Plan;
  /** Which of `evaluate.suites`; absent: the main one. */
  readonly suite?: string;
}

export interface CheckpointOf {
  readonly runId: string;
  /** Its name. */
  readonly checkpoint: string;
}

/** A stored checkpoint, to be evaluated on a deployment that is rented for it and returned. */
export interface AppraisalInput {
  /** A DNS label that nothing else has: also the id of the deployment, and by convention of the workflow. */
  readonly appraisalId: string;
  readonly subject: CheckpointOf;
  readonly suite: AppraisedSuite;
  /** For the record. */
  readonly reason: string;
  /** An evaluation whose random seeds are used again, so that its answers can come out the same. */
  readonly seedsOf?: string;
}

export interface Appraisal {
  readonly appraisalId: string;
  readonly evaluation: Evaluation;
  /** Every snapshot that was loaded for it, in order, each confirmed on every replica. */
  readonly loaded: readonly SyncResult[];
  /** The platform's last word on the deployment. */
  readonly deploymentState: string;
}

export interface RollbackInput {
  readonly rollbackId: string;
  readonly deploymentId: string;
  readonly subject: CheckpointOf;
  /** Who asked, for the record. */
  readonly requestedBy: string;
  /** Also a deployment that pawl did not create. */
  readonly force: boolean;
}

export interface RollbackReport {
  readonly deploymentId: string;
  readonly checkpoint: Checkpoint;
  /** What it served before, where all replicas agreed on something. */
  readonly previousIdentity?: string;
  /** The trainer it was linked to before, where that had to change. */
  readonly previousTrainer?: string;
  readonly loaded: readonly SyncResult[];
  /** What each replica says in the end. */
  readonly replicas: readonly { readonly ready: boolean; readonly identity?: string }[];
}

/** What must be loaded to serve a checkpoint, and what a deployment for it is made of. */
export interface ServableCheckpoint {
  readonly snapshots: readonly Checkpoint[];
  readonly trainerId: string;
  /** Of the run that saved it. */
  readonly plan: Plan;
  readonly spec: RunSpec;
}

/** A deployment as it is found: whose weights it can load, and what it serves. */
export interface FoundDeployment {
  readonly target: Target;
  readonly trainerId?: string;
  readonly identity?: string;
}

/** Every side effect of serving checkpoints again. Each may be executed again after a crash and then changes nothing more. */
export interface ServingActivities {
  /** Fails where the checkpoint cannot be served any more, and says why. */
  openCheckpoint(input: CheckpointOf): Promise<ServableCheckpoint>;
  /** Refuses one that a live run uses, that pawl did not create (unless forced), or that is not there. */
  findDeployment(input: { deploymentId: string; plan: Plan; force: boolean }): Promise<FoundDeployment>;
  /** Links the deployment to the trainer that saved what it is to load, and waits until it serves again. */
  linkDeployment(input: { deploymentId: string; trainerId: string; plan: Plan }): Promise<void>;
  /** Makes the deployment forget what it loaded, so that the next load is a whole one. */
  resetDeployment(input: { deploymentId: string }): Promise<void>;
  readReplicas(input: { target: Target }): Promise<RollbackReport['replicas']>;
  beginAppraisal(input: AppraisalInput): Promise<void>;
  endAppraisal(input: AppraisalEnd): Promise<void>;
  recordRollback(input: { rollback: RollbackInput; report: RollbackReport }): Promise<void>;
  /** How a checkpoint's answers stand between those of a good and a bad one. */
  standing(input: { good: string; bad: string; probe: string; looks?: number }): Promise<ProbeStanding>;
}

interface AppraisalEnd {
  readonly appraisalId: string;
  readonly subject: CheckpointOf;
  readonly evaluation?: Evaluation;
  /** Why there is no evaluation. */
  readonly failure?: string;
}

/** A difference of mean scores on the same prompts, with its 95 % interval. */
export interface ScoreDifference {
  readonly mean: number;
  readonly low?: number;
  readonly high?: number;
  readonly pairs: number;
}

/** `fell`: worse than the good one, beyond chance. `held`: not so, and better than the bad one, beyond chance. */
export type Standing = 'held' | 'fell' | 'unclear';

export interface ProbeStanding {
  readonly standing: Standing;
  /** Its score minus the good one's. */
  readonly overGood?: ScoreDifference;
}

export interface BisectInput {
  /** Checkpoints that the good one was chosen among, or that are searched; absent in older searches. */
  readonly looks?: number;
  /** A DNS label: also the id of the workflow, and of the deployment, if one must be rented. */
  readonly bisectId: string;
  readonly runId: string;
  readonly suite: AppraisedSuite;
  /** In order of step: the good one first, the bad one last; with the evaluation that is there already. */
  readonly checkpoints: readonly { readonly name: string; readonly step: number; readonly evaluation?: Evaluation }[];
}

/** A checkpoint that was looked at. */
export interface Probe extends ProbeStanding {
  readonly checkpoint: string;
  readonly step: number;
  readonly evaluation: Evaluation;
  /** Evaluated for this search; otherwise it had been before. */
  readonly drawn: boolean;
}

export interface BisectReport {
  readonly runId: string;
  readonly outcome: 'found' | 'inconclusive' | 'no-fall';
  /** The last checkpoint that held. */
  readonly lastGood: string;
  /** The first one that fell; with `inconclusive`, the first that did beyond chance. */
  readonly firstBad: string;
  /** In the order in which they were looked at. */
  readonly probes: readonly Probe[];
  /** The platform's last word on the deployment, if one was rented. */
  readonly deploymentState?: string;
}
