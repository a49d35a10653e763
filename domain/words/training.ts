/** What training is told and what it says of each step. */
import type { RunSpec } from '../spec/spec.ts';
import type { Connection } from './checkpoint.ts';
import type { Plan } from './plan.ts';

/** The part of a policy that steps are judged by. */
export type StepRules = Pick<RunSpec['policy'], 'maxLoss' | 'spike'>;

/** A step after which the weights are not worth keeping. */
export interface BadStep {
  readonly step: number;
  readonly reason: string;
}

export interface StepMetrics {
  readonly step: number;
  readonly generation: number;
  /** Mean over trained tokens of −log p, in nats. NaN or infinite when the run diverges. */
  readonly lossMean: number;
  readonly learningRate: number;
  readonly tokens: number;
  /** Seconds from this step's admission, or the previous step's end, whichever is later, to its end. */
  readonly seconds: number;
  /**
   * What was told of the step besides: by the trainer, over all of its requests, by name and reduction (`loss:sum`,
   * `grad_norm`), and by an objective that is computed here, whose numbers win where both use a name. Finite numbers.
   */
  readonly metrics?: Readonly<Record<string, number>>;
}

export interface ReferenceInput {
  readonly runId: string;
  readonly plan: Plan;
  readonly trainerId: string;
  /** Of the model, where it begins with weights that are not the base model's. */
  readonly lora?: RunSpec['model']['lora'];
  /** Of the run on the same trainer, whose session is kept alive meanwhile; absent: the trainer is a frozen one. */
  readonly connection?: Connection;
}

export interface ValidationInput {
  readonly runId: string;
  readonly connection: Connection;
  readonly plan: Plan;
  readonly train: RunSpec['train'];
  /** Of the checkpoint whose weights the trainer holds. */
  readonly step: number;
  readonly generation: number;
  /** Sequence number of the first request; the plan says how many there are. */
  readonly firstSeq: number;
}

export interface WindowInput {
  readonly runId: string;
  readonly connection: Connection;
  readonly plan: Plan;
  readonly train: RunSpec['train'];
  readonly generation: number;
  /** First optimizer step of the window, from 1. */
  readonly fromStep: number;
  readonly steps: number;
  /** Sequence number of the window's first request; the window uses `steps × requestsPerStep` of them. */
  readonly firstSeq: number;
  /** What each step is judged by, besides that its loss must be a number. */
  readonly rules?: StepRules;
}

export interface WindowResult {
  /** Of the last finite step. Absent: none was. */
  readonly lossMean?: number;
  readonly maxLossMean?: number;
  /** First step whose loss was not a finite number. */
  readonly nonFiniteStep?: number;
  /** First step that a rule for steps, or its loss that is no number, speaks against. */
  readonly badStep?: BadStep;
  readonly tokens: number;
  /** Mean over the window, from one step's end to the next one's. */
  readonly secondsPerStep: number;
}
