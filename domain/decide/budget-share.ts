/** How much of each limit of a budget is used up. */
import type { RunSpec } from '../spec/spec.ts';
import type { Used } from './budget.ts';

type Budget = RunSpec['budget'];

export interface BudgetShare {
  readonly name: 'maxHours' | 'maxCost' | 'maxTokens';
  readonly limit: number;
  /** 1: all of it. */
  readonly share: number;
}

/** Those limits of which at least so much is used up. */
export function budgetShares({ maxHours, maxCost, maxTokens }: Budget, used: Used, least: number): BudgetShare[] {
  const limits = [
    { name: 'maxHours', limit: maxHours, used: used.hours },
    { name: 'maxCost', limit: maxCost, used: used.cost },
    { name: 'maxTokens', limit: maxTokens, used: used.tokens },
  ] as const;
  return limits.flatMap(({ name, limit, used: spent }) =>
    limit === undefined || spent < least * limit ? [] : [{ name, limit, share: spent / limit }],
  );
}
