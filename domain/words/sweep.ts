/** Trials of a sweep as facts, and what is decided about them. */
import type { ParameterValue } from '../spec/search-space.ts';
import type { SpecChange } from '../spec/spec-changes.ts';

/** Values by the path of their field, in the order of the sweep file; parameters whose condition does not hold are absent. */
export type TrialParameters = Readonly<Record<string, ParameterValue>>;

/** `stopped`: by a rule of the sweep, so its score counts as far as it came. Of the others, only `finished` has come to its end. */
export type TrialState = 'running' | 'finished' | 'stopped' | 'failed' | 'diverged' | 'cancelled';

/** A score at a checkpoint; one that could not be measured is not there at all. */
export interface TrialScore {
  readonly step: number;
  readonly value: number;
  /** 95 % confidence interval; absent: not known, and then nothing is spared for it. */
  readonly low?: number;
  readonly high?: number;
  /** Prompts that it is a mean of. */
  readonly n?: number;
  /** Place among all scores of the sweep, in the order in which they arrived; no two have the same. */
  readonly order: number;
}

export interface Trial {
  /** From 0, in the order of proposal. */
  readonly number: number;
  readonly parameters: TrialParameters;
  readonly state: TrialState;
  /** By step, the baseline at step 0 included or not. */
  readonly scores: readonly TrialScore[];
  /** What counts for the trial as a whole; absent: not known yet, or never. */
  readonly score?: number;
}

export type Goal = 'maximize' | 'minimize';

export type Proposal =
  | { readonly kind: 'proposed'; readonly parameters: TrialParameters }
  | { readonly kind: 'exhausted'; readonly reason: string };

/** What a rule says of a trial that has just been scored. */
export interface StopVerdict {
  readonly stop: boolean;
  /** Where it stands, in the unit of the rule: of several that one score reaches, the last that was looked at. */
  readonly rung?: number;
  /** Of Hyperband, from 0. */
  readonly bracket?: number;
  /** Scores it was compared with, its own included where the rule ranks it among them. */
  readonly cohort: number;
  readonly score: number;
  /** Of the score: at the certainty that is asked for, or 95 %. */
  readonly interval?: { readonly low: number; readonly high: number; readonly certainty: number };
  /** Absent: nothing to compare with yet. */
  readonly threshold?: number;
  /** Number of the trial whose score the threshold is; absent where it is a mean of two. */
  readonly setBy?: number;
  /** It would have been stopped, were its score not so uncertain. */
  readonly spared?: 'noise';
  readonly reason: string;
}

/** One look at a member of a population. */
export type Exploit =
  | { readonly kind: 'keep'; readonly member: number; readonly reason: string }
  | {
      readonly kind: 'exploit';
      readonly member: number;
      /** The member whose weights and optimizer it goes on from, and at which step they were judged. */
      readonly from: number;
      readonly step: number;
      readonly before: TrialParameters;
      readonly after: TrialParameters;
      /** From what the other member had to what this one goes on with. */
      readonly changes: readonly SpecChange[];
      readonly reason: string;
    };
