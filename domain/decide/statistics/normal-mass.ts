/** Masses of the normal distribution, fast: densities of thousands of kernels ask for them. */

/** P(Z ≤ z) with about 14 digits (J. F. Hart's algorithm as G. West gives it, "Better approximations to cumulative normal functions", 2005). */
export function normalCdf(z: number): number {
  const size = Math.abs(z);
  const tail = size > 37 ? 0 : Math.exp((-size * size) / 2) * tailOverDensity(size);
  return z > 0 ? 1 - tail : tail;
}

function tailOverDensity(size: number): number {
  if (size >= 7.07106781186547) {
    return 1 / ((size + 1 / (size + 2 / (size + 3 / (size + 4 / (size + 0.65))))) * 2.506628274631);
  }
  return polynomial(NUMERATOR, size) / polynomial(DENOMINATOR, size);
}

const NUMERATOR = [
  3.52624965998911e-2, 0.700383064443688, 6.37396220353165, 33.912866078383, 112.079291497871, 221.213596169931,
  220.206867912376,
];
const DENOMINATOR = [
  8.83883476483184e-2, 1.75566716318264, 16.064177579207, 86.7807322029461, 296.564248779674, 637.333633378831,
  793.826512519948, 440.413735824752,
];

function polynomial(coefficients: readonly number[], x: number): number {
  let value = 0;
  for (const coefficient of coefficients) value = value * x + coefficient;
  return value;
}

/** P(from < Z ≤ to), on the side where no digits are lost. */
export function normalMass(from: number, to: number): number {
  return from > 0 ? normalCdf(-from) - normalCdf(-to) : normalCdf(to) - normalCdf(from);
}

/** The z between two ends, the first at most 0, below which `chance` of the mass between them lies. */
export function truncatedQuantile(from: number, to: number, chance: number): number {
  const goal = normalCdf(from) + chance * normalMass(from, to);
  let [low, high] = [Math.max(from, -38), Math.min(to, 38)];
  for (let halvings = 0; halvings < 52; halvings++) {
    const middle = (low + high) / 2;
    if (normalCdf(middle) < goal) low = middle;
    else high = middle;
  }
  return (low + high) / 2;
}
