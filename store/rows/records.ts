/** What the store hands out of evaluations and leases. */
import type { Place } from '../../domain/words/place.ts';
import type { PairedDifference, PromptScore } from '../../domain/decide/statistics/paired.ts';
import type { Evaluation } from '../../domain/words/evaluation.ts';

export interface ScoredEvaluation extends Evaluation {
  readonly kind: 'scored';
}

/** What an evaluation is of, whatever becomes of it. */
export type EvaluationSubject = Pick<
  Evaluation,
  'id' | 'checkpoint' | 'step' | 'identity' | 'promptSet' | 'metric' | 'suite' | 'appraisal' | 'grader' | 'sampling'
>;

/** An evaluation whose identity changed under it: kept as evidence, never as a score. */
interface VoidEvaluation extends EvaluationSubject {
  readonly kind: 'void';
  readonly reason: string;
}

export type EvaluationRecord = ScoredEvaluation | VoidEvaluation;

/** A paired difference, and what it is a difference from. */
export interface Comparison extends PairedDifference {
  /** Name of the reference's checkpoint. */
  readonly reference: string;
}

/** An evaluation minus others on the same prompts: on the main suite, as far as they can be compared. */
export interface Comparisons {
  /** The run's first. */
  readonly overBaseline?: Comparison;
  /** The last one of an earlier step. */
  readonly overPrevious?: Comparison;
  /** That of the checkpoint of another run that this run began from. */
  readonly overParent?: Comparison;
}

/** What is computed of an evaluation when it is recorded, and never again. */
export interface Derived {
  /** What each answered prompt scored, in order of prompt index. */
  readonly scores: readonly PromptScore[];
  /** Fingerprint of the answers; absent: there are none. */
  readonly answers?: string;
  readonly comparisons?: Comparisons;
}

export type LeaseKind = 'trainer' | 'deployment';

/** Something that costs money, by its planned id. */
export interface Lease {
  readonly kind: LeaseKind;
  readonly id: string;
  /** The workflow that returns it, where it is not the run: rented beside a run that may be over. */
  readonly holder?: string;
}

/** What its run says of it, which is asked for nothing but what the store does not know. */
export interface AccountedLease extends Lease {
  readonly standing: 'held' | 'returned' | 'kept';
  /** The platform's last word, where it is known. */
  readonly state?: string;
}

/** From before it is created until the platform says that it is gone. */
export interface StoredLease extends Lease, Partial<Place> {
  readonly runId: string;
  /** Of the Temporal namespace that the run lives in: a home may have served several. */
  readonly namespaceId?: string;
  readonly plannedAt: string;
  readonly releasedAt?: string;
  /** The platform's last word, once released. */
  readonly state?: string;
  /** Of a deployment that its run left serving on purpose: nobody returns it but a person. */
  readonly keptAt?: string;
}

/** The part of a step that is read by the hundred thousand: a column of each, in order of the steps. */
export interface StepNumbers {
  readonly step: Float64Array;
  readonly lossMean: Float64Array;
  readonly tokens: Float64Array;
  readonly seconds: Float64Array;
}

interface Range {
  readonly min: number;
  readonly mean: number;
  readonly max: number;
}

/** Neighbouring steps, put together. */
export interface StepSpan {
  /** First and last of the recorded steps among them. */
  readonly fromStep: number;
  readonly toStep: number;
  readonly steps: number;
  /** Of the losses that are numbers; absent: none is. */
  readonly lossMean?: Range;
  /** Steps whose loss is no finite number. */
  readonly notFinite: number;
  readonly tokens: number;
  readonly seconds: number;
  /** Of each name that any of them told a number by. */
  readonly metrics?: Readonly<Record<string, Range>>;
}

/** Which steps, and in how many spans at most: up to 2,000. */
export interface SpanRequest {
  /** The first and the last; absent: of those recorded. */
  readonly fromStep?: number;
  readonly toStep?: number;
  readonly spans: number;
  /** Whether what was told by name is wanted as well. */
  readonly metrics?: boolean;
}

/** The one checkpoint that is meant. Of several at one step it is that of the newest generation, and of it the last saved. */
export type CheckpointPlace =
  | { readonly kind: 'last' }
  | { readonly kind: 'step'; readonly step: number }
  /** Or by its identity. */
  | { readonly kind: 'name'; readonly name: string }
  /** The first that was evaluated on the main suite. */
  | { readonly kind: 'baseline' }
  /** By a suite; absent: the main one. The earliest of equals. */
  | { readonly kind: 'best'; readonly suite?: string; readonly direction: 'maximize' | 'minimize' };
