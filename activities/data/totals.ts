/** What is counted while training data is read. */
import { z } from 'zod';
import { MOST_LEFT } from './gathered.ts';
import type { FileRange } from './lines.ts';
import type { TokenizedRange } from './tokenize-range.ts';

const LeftRow = z.object({
  file: z.string(),
  line: z.number().int(),
  /** Of the example that is too long; absent: its weight is 0. */
  tokens: z.number().int().optional(),
});
export type LeftRow = z.output<typeof LeftRow>;

export const Totals = z.object({
  rows: z.number().int(),
  /** Of the file that is being read. */
  lines: z.number().int(),
  /** Rows of the other side of the holdout. */
  elsewhere: z.number().int().optional(),
  /** What is worth telling of the rows, counted. */
  notices: z.record(z.string(), z.number().int()),
  examples: z.number().int(),
  /** Longer than `maxTokens`, left out. */
  dropped: z.number().int(),
  /** The first rows that were left out. */
  left: z.array(LeftRow),
  tokens: z.number().int(),
  maxExampleTokens: z.number().int(),
  chatFacts: z.object({ chatTemplate: z.string(), trainOn: z.string(), date: z.string().optional() }).optional(),
});
export type Totals = z.output<typeof Totals>;

export const NOTHING: Totals = {
  rows: 0,
  lines: 0,
  notices: {},
  examples: 0,
  dropped: 0,
  left: [],
  tokens: 0,
  maxExampleTokens: 0,
};

/** With what was made of the next range. */
export function plus(totals: Totals, made: TokenizedRange, { path, name = path, start }: FileRange): Totals {
  const chatFacts = totals.chatFacts ?? made.chatFacts;
  const notices = { ...totals.notices };
  for (const [notice, count] of Object.entries(made.notices)) notices[notice] = (notices[notice] ?? 0) + count;
  const before = start === 0 ? 0 : totals.lines;
  const left = made.left.map(({ line, ...why }) => ({ file: name, line: before + line, ...why }));
  return {
    rows: totals.rows + made.rows,
    lines: before + made.lines,
    elsewhere: (totals.elsewhere ?? 0) + made.elsewhere,
    notices,
    examples: totals.examples + made.sizes.length,
    dropped: totals.dropped + made.dropped,
    left: [...totals.left, ...left].slice(0, MOST_LEFT),
    tokens: totals.tokens + made.tokens,
    maxExampleTokens: Math.max(totals.maxExampleTokens, made.maxExampleTokens),
    ...(chatFacts !== undefined && { chatFacts }),
  };
}
