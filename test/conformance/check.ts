/** One finding of a drive. */
import { z } from 'zod';

export const Check = z.object({
  name: z.string(),
  ok: z.boolean(),
  /** For people. */
  figure: z.string(),
  /** What the other client must arrive at too. */
  numbers: z.array(z.number()),
});
export type Check = z.output<typeof Check>;

/** Between what trainer and sampler say of one token, between two ways to the same weights, and between the clients. */
export const TOLERANCE = 1e-4;

/** Largest difference between two lists; infinite if their lengths differ. */
export function apart(left: readonly number[], right: readonly number[]): number {
  if (left.length !== right.length) return Infinity;
  return Math.max(0, ...left.map((value, index) => Math.abs(value - (right[index] ?? NaN))));
}
