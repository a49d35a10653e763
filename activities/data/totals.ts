/** What is counted while training data is read. */
import { z } from 'zod';
import type { TokenizedRange } from './tokenize-range.ts';

export const Totals = z.object({
  rows: z.number().int(),
  /** What is worth telling of the rows, counted. */
  notices: z.record(z.string(), z.number().int()),
  examples: z.number().int(),
  /** Longer than `maxTokens`, left out. */
  dropped: z.number().int(),
  tokens: z.number().int(),
  maxExampleTokens: z.number().int(),
  chatFacts: z.object({ chatTemplate: z.string(), trainOn: z.string(), date: z.string().optional() }).optional(),
});
export type Totals = z.output<typeof Totals>;

export const NOTHING: Totals = { rows: 0, notices: {}, examples: 0, dropped: 0, tokens: 0, maxExampleTokens: 0 };

export function plus(totals: Totals, made: TokenizedRange): Totals {
  const chatFacts = totals.chatFacts ?? made.chatFacts;
  const notices = { ...totals.notices };
  for (const [notice, count] of Object.entries(made.notices)) notices[notice] = (notices[notice] ?? 0) + count;
  return {
    rows: totals.rows + made.rows,
    notices,
    examples: totals.examples + made.sizes.length,
    dropped: totals.dropped + made.dropped,
    tokens: totals.tokens + made.tokens,
    maxExampleTokens: Math.max(totals.maxExampleTokens, made.maxExampleTokens),
    ...(chatFacts !== undefined && { chatFacts }),
  };
}
