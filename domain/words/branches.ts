/** Branches: a run that goes on from a checkpoint of another one. */
import type { SpecChange } from '../spec/spec-changes.ts';
import type { Checkpoint } from './checkpoint.ts';
import type { Plan } from './plan.ts';
import type { Evaluation } from './evaluation.ts';
import type { RunSpec } from '../spec/spec.ts';
import { trainerId } from './names.ts';
import type { Settings } from '../spec/spec-changes.ts';

/** Where a branch begins, and what is different about it. */
export interface BranchPoint {
  readonly runId: string;
  readonly checkpoint: string;
  readonly step: number;
  readonly changes: readonly SpecChange[];
}

/** What a branch needs of its parent: its weights and optimizer, and the hashes of what it trained on. */
export interface Parent extends BranchPoint {
  /** Path of the resumable state, and the trainer that saved it. */
  readonly statePath: string;
  readonly trainerId: string;
  readonly dataset: string;
  readonly promptSet: string;
}

export function parentAt(
  runId: string,
  checkpoint: Checkpoint,
  { plan, changes }: { plan: Pick<Plan, 'dataset' | 'promptSet'>; changes: readonly SpecChange[] },
): Parent {
  const { name, step, statePath } = checkpoint;
  const { dataset, promptSet } = plan;
  const savedBy = stateTrainerOf(runId, checkpoint);
  return { runId, checkpoint: name, step, statePath, trainerId: savedBy, dataset, promptSet, changes };
}

/** The trainer that saved the resumable state. */
export function stateTrainerOf(
  runId: string,
  { stateTrainerId, trainerId: snapshotTrainerId }: Pick<Checkpoint, 'stateTrainerId' | 'trainerId'>,
): string {
  return stateTrainerId ?? snapshotTrainerId ?? trainerId(runId, 1);
}

export const BRANCHES_WORKFLOW_TYPE = 'branches';

/** A score by which branches are compared. */
export type BranchScore = Pick<Evaluation, 'checkpoint' | 'step' | 'metric' | 'score' | 'low' | 'high'>;

/** One of several branches that are tried. */
export interface TriedBranch {
  readonly runId: string;
  readonly changes: readonly SpecChange[];
  /** Checkpoints beyond the branch point that were evaluated. */
  readonly evaluated: number;
  /** What counts for the choice: of the last checkpoint of its trial. */
  readonly score?: BranchScore;
  /** How it ended, if it did before the choice. */
  readonly ended?: string;
}

/** What became of the branches of a run: which one goes on, and why. */
export interface BranchChoice {
  /** The run that they are branches of. */
  readonly runId: string;
  readonly checkpoint: string;
  readonly step: number;
  /** Checkpoints that each was given. */
  readonly trial: number;
  readonly branches: readonly TriedBranch[];
  /** Absent: none had a score. */
  readonly chosen?: string;
  readonly reason: string;
}

/** The same while it is undecided. */
export type BranchesStatus = Omit<BranchChoice, 'reason'> & Partial<Pick<BranchChoice, 'reason'>>;

/** Who is told of each evaluation of a branch that is on trial. */
export interface Coordinator {
  readonly workflowId: string;
  /** Evaluations that it wants to hear of, beyond the baseline. */
  readonly trial: number;
}

export interface BranchesInput {
  /** The run that is branched, as it was planned. */
  readonly runId: string;
  readonly runHex: string;
  readonly spec: RunSpec;
  readonly plan: Pick<Plan, 'dataset' | 'promptSet'>;
  readonly checkpoint: Checkpoint;
  readonly branches: readonly Settings[];
  readonly trial: number;
}

/** What a branch is to be: an experiment that the schema has seen. */
export interface PlannedBranch {
  readonly spec: RunSpec;
  readonly changes: readonly SpecChange[];
}

export interface BranchActivities {
  planBranches(input: Pick<BranchesInput, 'spec' | 'branches'>): Promise<readonly PlannedBranch[]>;
  /** Events of the run that is branched; and, once it is made, the choice. */
  recordBranches(input: BranchesStatus): Promise<void>;
  /** Why there will be no branches, in the log of the run. */
  recordNoBranches(input: { runId: string; reason: string }): Promise<void>;
}

/** The workflow that tries them, for those that start it. */
export type BranchesWorkflow = (input: BranchesInput) => Promise<BranchChoice>;
