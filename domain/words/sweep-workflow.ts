/** What a sweep is given, what its activities do, what it is told by its trials, and what it reports. */
import type { SweepSpec } from '../spec/sweep-spec.ts';
import type { RunSpec } from '../spec/spec.ts';
import type { Evaluation } from './evaluation.ts';
import type { BudgetChange } from './live-changes.ts';
import type { RunInput, RunOutcome } from './run.ts';
import type { PinnedSuite } from './plan.ts';
import type { Goal, StopVerdict, TrialParameters, TrialState } from './sweep.ts';
import type { LeftSlot } from './trial.ts';
import type { BestTrial, Confirmation, Finalist, SweepPromotion, Winner } from './sweep-winner.ts';

export const SWEEP_WORKFLOW_TYPE = 'sweep';

/** How runs are told from those of no sweep, by their tags too. */
export const SWEEP_TAG = 'sweep';

/** A score of a trial, as its run tells it. */
export type ToldScore = Pick<Evaluation, 'checkpoint' | 'step' | 'score' | 'low' | 'high' | 'prompts'>;

/** What a run tells of a checkpoint, once it is judged. */
export interface ToldCheckpoint {
  readonly step: number;
  /** Absent: it has none on the suite that the sweep judges by. */
  readonly score?: ToldScore;
  /** No further checkpoint will be scored. */
  readonly last: boolean;
}

/** From a run. */
export interface TrialScored extends ToldCheckpoint {
  readonly number: number;
}

/** From a run that is over: everything is returned. */
export interface TrialEnded {
  readonly number: number;
  readonly outcome: Extract<RunOutcome, 'finished' | 'failed' | 'cancelled' | 'crashed'>;
  readonly reason: string;
  readonly step: number;
  /** Of the slot that it had. */
  readonly left?: LeftSlot;
}

/** To a run: what became of a score that it told. */
export interface TrialWord {
  readonly step: number;
  /** Why it ends there. */
  readonly stop?: string;
}

export interface SweepInput {
  readonly sweepId: string;
  /** Eight hex digits, drawn once: the ids of its trials follow from it. */
  readonly hex: string;
  readonly spec: SweepSpec;
  /** The experiment, with absolute paths; the trial's parameters go into it. */
  readonly experiment: RunSpec;
  readonly askedBy: string;
}

/** Live changes: what is absent stays. */
export interface SweepChange {
  readonly trials?: number;
  readonly concurrency?: number;
  readonly budget?: Pick<BudgetChange, 'maxCost' | 'maxHours'>;
  /** Of the space: whole parameters that take the place of those of the same name. */
  readonly parameters?: SweepSpec['parameters'];
  /** This one ends in good order. */
  readonly stopTrial?: number;
  readonly by: string;
  readonly at: string;
}

/** `choosing`: every trial is over, and the best are asked again, or their promotion is waited for. */
export type SweepOutcome = 'running' | 'paused' | 'stopping' | 'choosing' | 'finished' | 'failed' | 'cancelled';

export interface SweepReport {
  readonly sweepId: string;
  readonly outcome: SweepOutcome;
  readonly reason: string;
  readonly trials: number;
  /** By the scores that trials were chosen by. */
  readonly best?: BestTrial;
  /** Where the file asks for a choice: who was chosen. */
  readonly winner?: Winner;
  readonly promotion?: SweepPromotion;
}

/** What a sweep answers at any time. */
export interface SweepStatus extends SweepReport {
  /** How many may be tried in all, and at a time. */
  readonly wanted: number;
  readonly concurrency: number;
  /** Runs that are not over. */
  readonly running: readonly { readonly number: number; readonly runId: string; readonly late: boolean }[];
  /** Proposed, and not begun. */
  readonly waiting: readonly { readonly number: number; readonly runId: string }[];
}

/** What a trial is about to be: fixed when it was proposed, whatever is asked again. */
export interface PlannedTrial {
  readonly run: RunInput;
  readonly parameters: TrialParameters;
  /** What a step takes: examples, or tokens where batches are made by them. Steps between two checkpoints; steps in all. */
  readonly workPerStep: number;
  readonly every: number;
  readonly steps: number;
}

export interface OpenedSweep {
  readonly suite: string;
  readonly goal: Goal;
  /** The prompts that the best are asked again. */
  readonly confirm?: PinnedSuite;
}

export interface SweepActivities {
  /** Makes the sweep known, and tokenizes its data once, before anything is rented. */
  openSweep(input: SweepInput): Promise<OpenedSweep>;
  /** The next trial, from what was decided before `order`; or why there is none. */
  proposeTrial(input: {
    readonly sweep: SweepInput;
    readonly number: number;
    readonly order: number;
    readonly suite: string;
  }): Promise<{ readonly trial: PlannedTrial } | { readonly exhausted: string }>;
  /** Takes a score into the sweep's order, and says what the rule makes of it. */
  judgeTrial(input: {
    readonly sweep: SweepInput;
    readonly number: number;
    readonly order: number;
    readonly score: ToldScore;
    readonly last: boolean;
  }): Promise<StopVerdict | null>;
  /** A trial that comes to no score any more. */
  endTrial(input: {
    readonly sweepId: string;
    readonly number: number;
    readonly order: number;
    readonly state: TrialState;
    readonly reason: string;
  }): Promise<void>;
  /** Takes what was changed of the space or of one trial into the sweep's order. */
  changeSweep(input: { readonly sweepId: string; readonly order: number; readonly change: SweepChange }): Promise<void>;
  /** What is rented for a slot by the store's word, and how many were ever planned for it. */
  slotMachines(input: { readonly slotId: string }): Promise<{
    readonly trainers: readonly string[];
    readonly deployments: readonly string[];
    readonly planned: { readonly trainers: number; readonly deployments: number };
  }>;
  /** How the run of a trial ended: nothing that anything is decided by. */
  noteTrialEnd(input: { readonly sweepId: string } & TrialEnded): Promise<void>;
  /** Those of these runs that are over by Temporal's word, of which nothing was heard. */
  lookTrials(input: {
    readonly runs: readonly { readonly number: number; readonly runId: string }[];
  }): Promise<readonly TrialEnded[]>;
  /** What all its trials came to so far, by their leases. */
  sweepSpent(input: { readonly sweepId: string }): Promise<{ readonly hours: number; readonly cost: number }>;
  /** The best trials, the best first: each with a checkpoint that can be promoted, where it may come to that. */
  findFinalists(input: { readonly sweep: SweepInput; readonly confirm?: PinnedSuite }): Promise<readonly Finalist[]>;
  recordConfirmation(input: {
    readonly sweepId: string;
    readonly number: number;
    readonly confirmation: Confirmation;
  }): Promise<void>;
  /** What has become of the winner's promotion so far. */
  lookPromotion(input: { readonly promotionId: string; readonly alias: string }): Promise<SweepPromotion>;
  recordSweep(input: Omit<SweepReport, 'trials'> & { readonly trials?: number }): Promise<void>;
  /** A line of its log. */
  noteSweep(input: { readonly sweepId: string; readonly key: string; readonly message: string }): Promise<void>;
}

/** `rates-t12`: the sweep's name, as far as there is room for it, and the trial's number. */
export function trialName(sweepName: string, number: number): string {
  const end = `-t${number}`;
  return `${sweepName.slice(0, 31 - end.length).replace(/-+$/, '')}${end}`;
}
