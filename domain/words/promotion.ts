/** Promotions: what an alias is asked, what its workflow does about it, what is recorded of it. */
import type { Checkpoint } from './checkpoint.ts';
import type { Evaluation } from './evaluation.ts';
import type { PromotionSpec } from '../spec/promotion-spec.ts';
import type { AppraisalInput, AppraisedSuite } from './serving.ts';

export const PROMOTIONS_WORKFLOW_TYPE = 'promotions';

/** One workflow per alias of a store, so that what is asked of an alias is done one after the other. */
export function aliasWorkflowId(alias: string, taskQueue: string): string {
  return `pawl-alias-${taskQueue}-${alias}`;
}

/** `hex` is eight digits: drawn for a person who asks, a run's own for a run. */
export function promotionId(alias: string, hex: string): string {
  return `${alias}-${hex}`;
}

export type Gate = PromotionSpec;

export type PromotionState =
  /** Another request of the alias is before it. */
  | 'waiting'
  | 'evaluating'
  | 'awaiting-approval'
  | 'promoting'
  /** It was made the champion; whether it still is, its alias's champions tell. */
  | 'promoted'
  /** By the gate. */
  | 'refused'
  /** By a person. */
  | 'rejected'
  | 'expired'
  | 'failed'
  /** It was the champion, and the one before is so again. */
  | 'undone';

/** States that a promotion leaves only by being undone. */
export function isSettled(state: PromotionState): boolean {
  return !['waiting', 'evaluating', 'awaiting-approval', 'promoting'].includes(state);
}

export interface PromotionRequest {
  readonly kind: 'promote';
  /** Asking twice under one id is asking once. */
  readonly id: string;
  readonly gate: Gate;
  readonly subject: { readonly runId: string; readonly checkpoint: string };
  readonly askedBy: string;
  readonly askedAt: string;
  readonly confirmed?: ConfirmedEvidence;
}

/** What the candidate was asked again on prompts that it was not chosen by: it stands for the suite that it was chosen by. */
export interface ConfirmedEvidence {
  /** Which that is. */
  readonly suite: string;
  readonly direction: 'maximize' | 'minimize';
  /** Id of the candidate's evaluation. */
  readonly evaluation: string;
  /** How whoever it must beat is asked the same. */
  readonly asked: AppraisedSuite;
}

interface UndoRequest {
  readonly kind: 'undo';
  readonly id: string;
  readonly alias: string;
  /** The champion as the person saw it: if it is another one by then, nothing is undone. */
  readonly promotionId: string;
  readonly askedBy: string;
  readonly askedAt: string;
}

export type AliasRequest = PromotionRequest | UndoRequest;

/** What a person says to a promotion that awaits approval. */
export interface PromotionDecision {
  readonly promotionId: string;
  readonly approved: boolean;
  readonly by: string;
  readonly at: string;
  readonly reason?: string;
}

/** Candidate and reference on the same prompts of one suite. */
export interface SuiteComparison {
  readonly suite: string;
  readonly metric: string;
  readonly candidate: ComparedEvaluation;
  readonly reference: ComparedEvaluation;
  /** By how much the candidate is better, over the prompts that both answered in full; absent: there is none. */
  readonly difference?: {
    readonly mean: number;
    /** Interval of 95 %, or of more with `looks`; absent: one pair says nothing of the spread. */
    readonly low?: number;
    readonly high?: number;
    readonly pairs: number;
  };
  /** Candidates that were looked at on these prompts: the interval holds for the best of them. Absent in older records. */
  readonly looks?: number;
  /** Prompts that either was asked. */
  readonly prompts: number;
}

interface ComparedEvaluation {
  /** Id of the evaluation, which names its identity and its samples. */
  readonly evaluation: string;
  readonly identity: string;
  readonly score: number;
  /** Samples that could not be produced. */
  readonly missing: number;
}

/** What is known of a promotion once it has been looked at; added to its row, never taken from it. */
export interface PromotionFacts {
  readonly identity?: string;
  readonly step?: number;
  /** Full name of the model. */
  readonly model?: string;
  readonly reason?: string;
  readonly comparisons?: readonly SuiteComparison[];
  /** Promotion that was the alias's champion when the gate was asked. */
  readonly championBefore?: string;
  readonly decidedBy?: string;
  readonly decidedAt?: string;
}

/** A suite of the gate, with the evaluation that stands for each side. */
export interface GateSuite {
  readonly suite: string;
  /** As the run's policy says of the suite that it judges; of every other one, more is better. */
  readonly direction: 'maximize' | 'minimize';
  readonly candidate: Evaluation;
  readonly reference: Evaluation;
  /** Other gates that the alias was asked about this very candidate; absent: none. */
  readonly otherGates?: number;
}

/** A suite of the gate, as far as the store knows it. */
export interface ExaminedSuite extends Omit<GateSuite, 'reference'> {
  readonly reference:
    | { readonly kind: 'evaluated'; readonly evaluation: Evaluation }
    /** The champion was never asked what the candidate was. */
    | { readonly kind: 'missing'; readonly appraisal: AppraisalInput };
}

/** What the store says of a candidate. */
export type Examination =
  | { readonly kind: 'refused'; readonly reason: string; readonly facts?: PromotionFacts }
  | {
      readonly kind: 'candidate';
      readonly checkpoint: Checkpoint;
      /** In words: whom it must beat. */
      readonly against: string;
      readonly championBefore?: string;
      readonly suites: readonly ExaminedSuite[];
      readonly order: PromotionOrder;
    };

/** All that the platform needs to know to make a model of a snapshot. */
export interface PromotionOrder {
  /** The snapshot, as the trainer named it. */
  readonly identity: string;
  readonly trainerId: string;
  readonly baseModel: string;
  /** Full name of the model to make: planned, so that asking again is asking for the same one. */
  readonly model: string;
}

interface PromotionNote {
  readonly id: string;
  readonly state: PromotionState;
  readonly facts: PromotionFacts;
  /** Who brought it about; absent: the workflow itself. */
  readonly by?: string;
  /** What the audit calls it; default: the state. */
  readonly event?: string;
}

/** A workflow of an alias that begins, and what it was asked by then. */
interface AliasBeginning {
  readonly alias: string;
  readonly beganAt: string;
  readonly asked: readonly string[];
}

/** Every side effect of promotions. Each may be executed again after a crash and must then change nothing more. */
export interface PromotionActivities {
  /** Writes a request down, and says what has become of it: more than `waiting` if it was handled before. */
  openPromotion(input: PromotionRequest): Promise<PromotionState>;
  /** What an earlier workflow of the alias, ended from outside, left unsettled has failed: nobody goes on with it. */
  failAbandoned(input: AliasBeginning): Promise<void>;
  /** Moves a promotion on; back it never goes. */
  notePromotion(input: PromotionNote): Promise<void>;
  examineCandidate(input: PromotionRequest): Promise<Examination>;
  compareEvaluations(input: GateSuite): Promise<SuiteComparison>;
  /** Has the platform make the model; one that is there already is adopted if it stems from this snapshot. */
  promoteCheckpoint(input: PromotionOrder): Promise<void>;
  undoPromotion(input: UndoRequest): Promise<void>;
  /** Asks an alias, as a person would. */
  requestPromotion(input: PromotionRequest): Promise<void>;
}
