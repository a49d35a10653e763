/** Changing an experiment while it runs: what is asked, and what came of it. */
import { changeText, type Settings, type SpecChange } from '../spec/spec-changes.ts';

export interface SetRequest {
  readonly settings: Settings;
  /** Who asks, for the record. */
  readonly by: string;
}

/** Asked for, and waiting for the next saved state. */
export interface AskedChange extends SpecChange {
  readonly by: string;
  /** ISO-8601, UTC. */
  readonly askedAt: string;
}

/** One that took effect: what a run, its branches and its repetitions are trained with from `fromStep` on. */
export interface LiveChange extends AskedChange {
  /** Of a run's changes, counted from 1. */
  readonly number: number;
  readonly fromStep: number;
}

/** Limits of a run or sweep from now on; what is absent stays. */
export interface BudgetChange {
  readonly maxCost?: number;
  readonly maxHours?: number;
  readonly by: string;
  /** ISO-8601, UTC. */
  readonly at: string;
}

/** `budget.maxCost is 80 from now on, set by ada@host` */
export function budgetChangeText({ by, maxCost, maxHours }: BudgetChange): string {
  const limits = Object.entries({ maxCost, maxHours }).filter(([, limit]) => limit !== undefined);
  const texts = limits.map(([name, limit]) => `budget.${name} is ${limit}`);
  return `${texts.join(', ')} from now on, set by ${by}`;
}

export interface SetAnswer {
  /** Those that were not what is in force, or asked for, already. */
  readonly changes: readonly SpecChange[];
  /** They take effect behind the next saved state, which is this step's at the latest. */
  readonly atLatest: number;
}

/** `from step 61 on train.optimizer.learningRate 0.01 → 0.001, set by ada@host` */
export function liveChangeText({ fromStep, by, ...change }: LiveChange): string {
  return `from step ${fromStep} on ${changeText(change)}, set by ${by}`;
}
