/** What an evaluation is given and what it says; and what a plan pins of its suite. */
import type { Checkpoint, Connection, Target } from './checkpoint.ts';
import type { Plan } from './plan.ts';
import type { RunSpec } from '../spec/spec.ts';

export interface EvaluationInput {
  readonly runId: string;
  readonly evaluationId: string;
  /** Whose session is kept alive meanwhile; absent: an evaluation beside no run. */
  readonly connection?: Connection;
  readonly target: Target;
  readonly checkpoint: Checkpoint;
  readonly plan: Plan;
  readonly evaluate: RunSpec['evaluate'];
  /** Which of `evaluate.suites`; absent: the main one. */
  readonly suite?: string;
  /** Asks so many prompts instead of the suite's own `limit`: a second call of the same evaluation adds what is missing. */
  readonly limit?: number;
  /** Beside the run, by this appraisal; absent: the run's own. */
  readonly appraisal?: string;
  /** An evaluation whose random seeds are used again. */
  readonly seedsOf?: string;
}

/** How the answers of an evaluation were drawn, and put together: scores that differ in it are never compared. */
export interface Sampling {
  readonly temperature: number;
  /** 0: nothing is drawn, for the references are looked at. */
  readonly maxTokens: number;
  readonly samplesPerPrompt: number;
  readonly passAt?: number;
  readonly stop?: string;
}

/** A score with its uncertainty, bound to the one identity that produced every sample. */
export interface Evaluation {
  readonly id: string;
  readonly checkpoint: string;
  readonly step: number;
  readonly identity: string;
  readonly promptSet: string;
  readonly metric: string;
  /** Absent: the main one. */
  readonly suite?: string;
  /** Made beside the run, by this appraisal; absent: the run's own. */
  readonly appraisal?: string;
  /** sha256 of the grader with its options; absent in evaluations of an older pawl. */
  readonly grader?: string;
  /** Absent in evaluations of an older pawl. */
  readonly sampling?: Sampling;
  /** Mean over the prompts that were answered. */
  readonly score: number;
  /** 95 % confidence interval of the mean. */
  readonly low: number;
  readonly high: number;
  /** Samples that were produced. */
  readonly samples: number;
  /** Prompts that have a score, which is what an interval is made of; absent: one for each sample. */
  readonly prompts?: number;
  /** Samples that could not be produced: missing, never zero. */
  readonly missing: number;
  /** Of the samples, those that `maxTokens` ended; absent: none, or an evaluation of an older pawl. */
  readonly cut?: number;
  /** Of the samples, those whose reasoning came to no end; absent: none, or an evaluation of an older pawl. */
  readonly unended?: number;
  /** Mean over the answers of −log p of their tokens, in nats: at temperature 1 an estimate of the entropy per token. */
  readonly entropy?: number;
}

/** An evaluation whose identity changed under it proves nothing: it is void and repeated. */
export type EvaluationOutcome =
  { readonly kind: 'scored'; readonly evaluation: Evaluation } | { readonly kind: 'void'; readonly reason: string };

/** What a checkpoint scored. */
export interface Scores {
  readonly evaluation: Evaluation;
  /** Of further suites; absent: none was due. */
  readonly suites?: readonly Evaluation[];
}
