/** Budgets: what is used up ends a run, what was not used is told. */
import type { RunSpec } from '../spec/spec.ts';

type Budget = RunSpec['budget'];

/** What a run has used so far. */
export interface Used {
  readonly hours: number;
  readonly cost: number;
  /** Tokens trained on; steps done again count again: they were paid for. */
  readonly tokens: number;
}

interface Limit {
  readonly name: keyof Budget;
  readonly limit: number;
  readonly used: number;
  readonly digits: number;
  readonly unit: string;
}

/** Whether there is anything that could be used up. */
export function isLimited({ maxHours, maxCost, maxTokens }: Budget): boolean {
  return maxHours !== undefined || maxCost !== undefined || maxTokens !== undefined;
}

/** Why a run must end: the first limit that is used up. */
export function judgeBudget(budget: Budget, used: Used): string | undefined {
  // Asked after every step of a long run: nothing is made before there is something to tell.
  const { maxHours = Infinity, maxCost = Infinity, maxTokens = Infinity } = budget;
  if (used.hours < maxHours && used.cost < maxCost && used.tokens < maxTokens) return undefined;
  const spent = limits(budget, used).find((limit) => limit.used >= limit.limit);
  if (spent === undefined) return undefined;
  const { name, limit, digits, unit } = spent;
  return `budget.${name} of ${limit} is used up: ${spent.used.toFixed(digits)} ${unit}`;
}

/**
 * Milliseconds of rent until a limit of hours or cost is reached; undefined: there is none. Tokens are counted where they
 * are trained on.
 */
export function rentLeftMs(budget: Budget, used: Used, costPerHour: number): number | undefined {
  const hours = [
    ...(budget.maxHours === undefined ? [] : [budget.maxHours - used.hours]),
    ...(budget.maxCost === undefined || costPerHour === 0 ? [] : [(budget.maxCost - used.cost) / costPerHour]),
  ];
  return hours.length === 0 ? undefined : Math.max(0, Math.min(...hours)) * 3_600_000;
}

/** Whether a run ended with a reason of `judgeBudget`. */
export function speaksOfBudget(reason: string): boolean {
  return reason.startsWith('budget.max');
}

/** `1.50 of 2 hours, 4000 of 5000 tokens`: what is left of each limit; undefined without any. */
export function unspent(budget: Budget, used: Used): string | undefined {
  const left = limits(budget, used).map(
    ({ limit, used: spent, digits, unit }) => `${Math.max(0, limit - spent).toFixed(digits)} of ${limit} ${unit}`,
  );
  return left.length === 0 ? undefined : left.join(', ');
}

function limits({ maxHours, maxCost, maxTokens }: Budget, { hours, cost, tokens }: Used): Limit[] {
  const all = [
    { name: 'maxHours', limit: maxHours, used: hours, digits: 2, unit: 'hours' },
    { name: 'maxCost', limit: maxCost, used: cost, digits: 2, unit: 'in cost' },
    { name: 'maxTokens', limit: maxTokens, used: tokens, digits: 0, unit: 'tokens' },
  ] as const;
  return all.flatMap(({ limit, ...rest }) => (limit === undefined ? [] : [{ ...rest, limit }]));
}
