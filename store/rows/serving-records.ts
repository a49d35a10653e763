/** What is recorded of checkpoints that are served again, in the words of the domain. */
import type { AppraisedSuite, CheckpointOf } from '../../domain/words/serving.ts';
import type { EvaluationRecord, StoredLease } from './records.ts';

/** Why a stored checkpoint was evaluated beside its run, and by what. */
interface AppraisalRecord {
  readonly id: string;
  readonly runId: string;
  readonly suite: AppraisedSuite;
  readonly reason: string;
}

export interface StoredAppraisal extends AppraisalRecord {
  readonly startedAt: string;
  /** In order of step, then of recording; void ones too. */
  readonly evaluations: readonly EvaluationRecord[];
}

/** A deployment that was taken back to a checkpoint: the identity that every replica confirmed. */
interface RollbackRecord {
  readonly id: string;
  readonly deploymentId: string;
  readonly runId: string;
  readonly checkpoint: string;
  readonly identity: string;
  /** What it served before, where all replicas agreed on something. */
  readonly previousIdentity?: string;
  readonly replicas: number;
  readonly requestedBy: string;
}

interface StoredRollback extends RollbackRecord {
  readonly confirmedAt: string;
}

/** An evaluation that has samples. */
export interface SampledEvaluation {
  readonly evaluationId: string;
  /** As its id says, where the evaluation never came to an end; it may be of no run that is known. */
  readonly runId: string;
  /** Absent: the evaluation never came to an end. */
  readonly checkpoint?: string;
  /** Of the evaluation's record. */
  readonly recordedAt?: string;
}

export interface ServingReader {
  /** Checkpoints that other runs began from. */
  branchPoints(): Promise<readonly (CheckpointOf & { readonly branch: string })[]>;
  /** What deployments that are not gone were taken back to last. */
  takenBack(): Promise<readonly (CheckpointOf & { readonly deploymentId: string })[]>;
  /** So many after one, in order of their ids; those that never ended, too. */
  sampledEvaluations(evaluationId: string, limit: number): Promise<readonly SampledEvaluation[]>;
  /** How many samples an evaluation has, and about how much they hold. */
  weighSamples(evaluationId: string): Promise<{ readonly samples: number; readonly bytes: number }>;
  /** Every prompt set that was ever asked, with one evaluation that did. */
  askedPromptSets(): Promise<readonly { readonly hash: string; readonly evaluationId: string }[]>;
  /** An evaluation by its id, of a run's own or beside it. */
  evaluation(id: string): Promise<{ runId: string; evaluation: EvaluationRecord } | undefined>;
  /** In order of their start. */
  appraisals(runId: string): Promise<readonly StoredAppraisal[]>;
  /** Of a deployment, open or ended; undefined: pawl never planned one of this id. */
  deploymentLease(id: string): Promise<StoredLease | undefined>;
  /** In order of confirmation. */
  rollbacks(deploymentId: string): Promise<readonly StoredRollback[]>;
}

export interface ServingWriter {
  /** Keyed by id: the first record stands. */
  saveAppraisal(appraisal: AppraisalRecord): Promise<void>;
  /** The evaluations and their scores stay. */
  deleteSamples(evaluationIds: readonly string[]): Promise<void>;
  /** Forgets a set, unless a name stands for it. */
  deletePromptSet(hash: string): Promise<void>;
  /** Keyed by id: the first confirmation stands. */
  saveRollback(rollback: RollbackRecord): Promise<void>;
}
