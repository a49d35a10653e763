/** Means of scores with their 95 % confidence intervals. */

export interface Interval {
  readonly mean: number;
  readonly low: number;
  readonly high: number;
}

/** 97.5 % quantile of the normal distribution. */
const Z = 1.959963984540054;

/**
 * Mean of scores between 0 and 1: Wilson's interval for binary ones, Student's t, kept within 0 and 1, for others. One
 * score that is not binary says nothing of its spread: its interval is all that is possible.
 */
export function interval(scores: readonly number[], { binary }: { binary: boolean }): Interval {
  if (scores.length === 0) throw new RangeError('no scores have no mean');
  if (binary) return wilson(sum(scores), scores.length);
  if (scores.length === 1) return { mean: sum(scores), low: 0, high: 1 };
  const { mean, low, high } = studentInterval(scores);
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
  const variance = sum(values.map((value) => (value - mean) ** 2)) / (n - 1);
  const reach = studentQuantile(n - 1) * Math.sqrt(variance / n);
  return { mean, low: mean - reach, high: mean + reach };
}

/** The t that 95 % of Student's distribution lies within: bisection on the angle, whose coverage is a finite sum. */
function studentQuantile(freedom: number): number {
  let low = 0;
  let high = Math.PI / 2;
  for (let halvings = 0; halvings < 60; halvings++) {
    const angle = (low + high) / 2;
    if (coverage(angle, freedom) < 0.95) low = angle;
    else high = angle;
  }
  return Math.sqrt(freedom) * Math.tan((low + high) / 2);
}

/** P(|T| < √ν·tan θ) for whole degrees of freedom ν (Abramowitz and Stegun, 26.7.3 and 26.7.4). */
function coverage(angle: number, freedom: number): number {
  const odd = freedom % 2 === 1;
  const cosine = Math.cos(angle);
  let term = odd ? cosine : 1;
  let total = freedom === 1 ? 0 : term;
  for (let power = odd ? 3 : 2; power <= freedom - 2; power += 2) {
    term *= (cosine ** 2 * (power - 1)) / power;
    total += term;
  }
  return odd ? (2 / Math.PI) * (angle + Math.sin(angle) * total) : Math.sin(angle) * total;
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}
