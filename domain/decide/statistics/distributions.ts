/** Tails and quantiles of the distributions that tests and intervals need, accurate far out: corrections reach there. */

/** One-sided chance of being wrong that an interval of 95 % leaves on either side. */
export const TAIL = 0.025;

/** P(Z > z) of the normal distribution, with about 14 digits however small it is. */
export function normalTail(z: number): number {
  if (z < 0) return 1 - normalTail(-z);
  const density = normalDensity(z);
  return z < 3 ? 0.5 - density * series(z) : density * millsRatio(z);
}

export function normalDensity(z: number): number {
  return Math.exp(-(z ** 2) / 2) / Math.sqrt(2 * Math.PI);
}

/** z + z³/3 + z⁵/15 + …, which is (Φ(z) − ½)/φ(z) (G. Marsaglia, "Evaluating the Normal Distribution", 2004). */
function series(z: number): number {
  let term = z;
  let total = z;
  for (let odd = 3; term > total * 1e-17; odd += 2) {
    term *= z ** 2 / odd;
    total += term;
  }
  return total;
}

/** (1 − Φ(z))/φ(z) as Laplace's continued fraction (Abramowitz and Stegun, 26.2.14). */
function millsRatio(z: number): number {
  let fraction = z;
  for (let level = 120; level > 0; level--) fraction = z + level / fraction;
  return 1 / fraction;
}

/** The z that the normal distribution exceeds with chance `tail`, at most a half. */
export function normalQuantile(tail: number): number {
  return bisect(0, 40, (z) => normalTail(z) > tail);
}

/** The t that Student's distribution exceeds with chance `tail`, at most a half; whole degrees of freedom. */
export function studentQuantile(freedom: number, tail: number = TAIL): number {
  const angle = bisect(0, Math.PI / 2, (guess) => coverage(guess, freedom) < 1 - 2 * tail);
  return Math.sqrt(freedom) * Math.tan(angle);
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

/** P(at least `heads` of `tosses` fair coins), summed from the rarest case on: from 1/2ⁿ, as a logarithm. */
export function fairTail(heads: number, tosses: number): number {
  if (heads <= 0) return 1;
  if (heads > tosses) return 0;
  // In terms of the case of `heads` itself, which neither overflows nor vanishes where the tail does not.
  let logarithm = -tosses * Math.LN2;
  for (let tails = 1; tails <= tosses - heads; tails++) logarithm += Math.log((tosses - tails + 1) / tails);
  let term = 1;
  let total = 1;
  for (let more = heads + 1; more <= tosses && term > total * 1e-17; more++) {
    term *= (tosses - more + 1) / more;
    total += term;
  }
  return Math.min(1, Math.exp(logarithm) * total);
}

/** Where `below` changes from true to false. */
function bisect(from: number, to: number, below: (guess: number) => boolean): number {
  let [low, high] = [from, to];
  for (let halvings = 0; halvings < 60; halvings++) {
    const middle = (low + high) / 2;
    if (below(middle)) low = middle;
    else high = middle;
  }
  return (low + high) / 2;
}
