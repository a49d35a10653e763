/** Budgets: what is used up ends a run, what was not used is told. */
import type { RunSpec } from './contracts.ts';

type Budget = RunSpec['budget'];

/** What a run has used so far. */
export interface Used {
  readonly hours: number;
  readonly cost: number;
  /** Tokens trained on, those of rewound steps included: they were paid for. */
  readonly tokens: number;
}

interface Limit {
  readonly name: keyof Budget;
  readonly limit: number;
  readonly used: number;
  readonly text: (value: number) => string;
}

/** Why a run must end: the first limit that is used up. */
export function judgeBudget(budget: Budget, used: Used): string | undefined {
  const spent = limits(budget, used).find((limit) => limit.used >= limit.limit);
  if (spent === undefined) return undefined;
  return `budget.${spent.name} of ${spent.limit} is used up: ${spent.text(spent.used)}`;
}

/** `0.50 of 2 h, 1,000 of 5,000 tokens`: what is left of each limit; undefined without any. */
export function unspent(budget: Budget, used: Used): string | undefined {
  const left = limits(budget, used).map(
    ({ limit, used: spent, text }) => `${text(Math.max(0, limit - spent))} of ${text(limit)}`,
  );
  return left.length === 0 ? undefined : left.join(', ');
}

function limits({ maxHours, maxCost, maxTokens }: Budget, { hours, cost, tokens }: Used): Limit[] {
  const all: (Omit<Limit, 'limit'> & { limit: number | undefined })[] = [
    { name: 'maxHours', limit: maxHours, used: hours, text: (value) => `${value.toFixed(2)} h` },
    { name: 'maxCost', limit: maxCost, used: cost, text: (value) => `a cost of ${value.toFixed(2)}` },
    { name: 'maxTokens', limit: maxTokens, used: tokens, text: (value) => `${value} tokens` },
  ];
  return all.flatMap(({ limit, ...rest }) => (limit === undefined ? [] : [{ ...rest, limit }]));
}
