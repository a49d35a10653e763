/** Means of scores with their 95 % confidence intervals. */
import { normalQuantile, studentQuantile, TAIL } from './distributions.ts';

export interface Interval {
  readonly mean: number;
  readonly low: number;
  readonly high: number;
}

const Z = normalQuantile(TAIL);

/**
 * Mean of scores between 0 and 1: Wilson's interval for binary ones, for others Student's t with two further scores
 * imagined, 0 and 1 (as A. Agresti and B. Caffo add a success and a failure, The American Statistician 54, 2000): that
 * some scores agree does not show that all would.
 */
export function interval(scores: readonly number[], { binary }: { binary: boolean }): Interval {
  if (scores.length === 0) throw new RangeError('no scores have no mean');
  const mean = sum(scores) / scores.length;
  if (binary) return wilson(sum(scores), scores.length);
  const { low, high } = studentInterval([...scores, 0, 1]);
  return { mean, low: Math.max(0, low), high: Math.min(1, high) };
}

/** E. B. Wilson's score interval (1927): honest for few samples and for rates near 0 and 1, where the mean ± z·σ is not. */
function wilson(successes: number, n: number): Interval {
  const mean = successes / n;
  const shrink = 1 + Z ** 2 / n;
  const centre = (mean + Z ** 2 / (2 * n)) / shrink;
  const reach = (Z / shrink) * Math.sqrt((mean * (1 - mean)) / n + Z ** 2 / (4 * n ** 2));
  // Rounding must not push a bound past the mean: at 0 and at n successes they meet.
  return { mean, low: successes === 0 ? 0 : centre - reach, high: successes === n ? 1 : centre + reach };
}

/** Mean ± t·s/√n of at least two values. */
export function studentInterval(values: readonly number[]): Interval {
  const n = values.length;
  const mean = sum(values) / n;
  const variance = values.reduce((total, value) => total + (value - mean) ** 2, 0) / (n - 1);
  const reach = studentQuantile(n - 1) * Math.sqrt(variance / n);
  return { mean, low: mean - reach, high: mean + reach };
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}
