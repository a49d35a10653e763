/** How much the best of many scores owes to luck. */
import { normalCdf } from './statistics/normal-mass.ts';
import { normalQuantile, TAIL } from './statistics/distributions.ts';
import type { TrialScore } from '../words/sweep.ts';

/** Steps of Simpson's rule; the integrand is smooth, and 2,000 give ten digits. */
const STEPS = 2_000;
/** In standard deviations of the noisiest: beyond it no maximum is seen. */
const FARTHEST = 9;

/**
 * Expected maximum of independent normal noise with these standard errors, in the unit of the scores: what the best of
 * equally good trials would seem to be better by. ∫ (1 − F) over x > 0, less ∫ F over x < 0, for F the product of their
 * distributions (H. A. David and H. N. Nagaraja, Order Statistics, 3rd ed. 2003, 3.1). Trials that answer the same prompts
 * share a part of their noise, and trials that differ leave less to luck: it is a bound, not an estimate.
 */
export function expectedMaximum(errors: readonly number[]): number {
  const noisy = errors.filter((error) => error > 0);
  // Among exact scores the noise of the others counts only where it is positive.
  const exact = noisy.length < errors.length;
  if (noisy.length === 0) return 0;
  const end = FARTHEST * Math.max(...noisy);
  const allBelow = (x: number): number => noisy.reduce((product, error) => product * normalCdf(x / error), 1);
  const above = integral((x) => 1 - allBelow(x), end);
  return exact ? above : above - integral((x) => allBelow(-x), end);
}

/** Simpson's rule from 0 on. */
function integral(of: (x: number) => number, end: number): number {
  const width = end / STEPS;
  let total = of(0) + of(end);
  for (let step = 1; step < STEPS; step++) total += of(step * width) * (step % 2 === 1 ? 4 : 2);
  return (total * width) / 3;
}

/** The standard error that an interval of 95 % stands for; undefined where there is none. */
function standardError({ low, high }: Pick<TrialScore, 'low' | 'high'>): number | undefined {
  return low === undefined || high === undefined ? undefined : (high - low) / (2 * normalQuantile(TAIL));
}

export interface Flattery {
  /** How much of the best score may be luck, in its unit. */
  readonly most: number;
  /** Scores whose noise is known. */
  readonly of: number;
}

/** For the scores among which the best was chosen; undefined where no interval is known, or nothing was chosen. */
export function flattery(scores: readonly Pick<TrialScore, 'low' | 'high'>[]): Flattery | undefined {
  const errors = scores.map(standardError).filter((error) => error !== undefined);
  return errors.length < 2 ? undefined : { most: expectedMaximum(errors), of: errors.length };
}
