/**
 * The sign-flip test (R. A. Fisher, 1935): between equal models a difference is as likely to be in favour of the one as of
 * the other, prompt by prompt. How rare is a sum as great as the one that was seen, if nothing but chance chose the signs?
 */
import { fairTail, normalDensity, normalTail } from './distributions.ts';

const { abs, cosh, exp, log1p, tanh } = Math;

/** Smaller differences are the rounding of means, not differences. */
const ROUNDING = 1e-12;

/** Up to so many differences that are not zero, every choice of signs is counted: twice 2¹², not 2²⁴. */
const COUNTED = 24;

/**
 * P(sum ≥ the sum seen) over all signs. Exact where few differences are not zero, and where all of these are of one size
 * (right or wrong: McNemar's exact test); else the saddlepoint approximation of exactly that.
 */
export function signFlipTail(differences: readonly number[]): number {
  const sizes: number[] = [];
  let sum = 0;
  for (const difference of differences) {
    if (abs(difference) < ROUNDING) continue;
    sizes.push(abs(difference));
    sum += difference;
  }
  if (sizes.length === 0) return 1;
  const [least, most] = range(sizes);
  if (most - least < ROUNDING) return fairTail(Math.ceil((sum / most + sizes.length) / 2 - 1e-6), sizes.length);
  return sizes.length <= COUNTED ? counted(sizes, sum) : saddlepoint(sizes, sum, least);
}

/** What the approximation may miss, measured on lattices whose sums can be counted: below 2/n of n equals. */
const DOUBT = 2;

/** Half of the differences give their sums, half the others; what is enough together is found from both ends. */
function counted(sizes: readonly number[], sum: number): number {
  const half = sizes.length >> 1;
  const ones = sumsOfSigns(sizes.slice(0, half));
  const others = sumsOfSigns(sizes.slice(half));
  const enough = sum - ROUNDING * sizes.length;
  let found = 0;
  let reach = others.length;
  for (const one of ones) {
    while (reach > 0 && one + (others[reach - 1] ?? 0) >= enough) reach--;
    found += others.length - reach;
  }
  return found / (ones.length * others.length);
}

/** The sum under each choice of signs, ascending. */
function sumsOfSigns(sizes: readonly number[]): Float64Array {
  const sums = new Float64Array(2 ** sizes.length);
  for (const [bit, size] of sizes.entries()) {
    for (let before = 2 ** bit - 1; before >= 0; before--) {
      const sum = sums[before] ?? 0;
      sums[before] = sum - size;
      sums[before + 2 ** bit] = sum + size;
    }
  }
  return sums.sort();
}

/**
 * J. Robinson, "Saddlepoint Approximations for Permutation Tests and Confidence Intervals" (J. R. Statist. Soc. B 44,
 * 1982), in the form of R. Lugannani and S. Rice (1980) with H. E. Daniels's correction for sums on a lattice (1987,
 * section 6). The lattice's half step is at most the least difference, which for scores that are no lattice is next to
 * nothing: where it errs it errs towards "chance".
 */
function saddlepoint(sizes: readonly number[], sum: number, least: number): number {
  const target = sum - least;
  let all = 0;
  for (const size of sizes) all += size;
  if (target <= 0) return 1;
  // One sign turned makes it smaller than that: there is one choice only.
  if (sum > all - 1.5 * least) return 2 ** -sizes.length;
  const at = solve(sizes, target);
  let cumulant = 0;
  let curvature = 0;
  for (const size of sizes) {
    cumulant += logCosh(at * size);
    curvature += (size / cosh(at * size)) ** 2;
  }
  const w = Math.sqrt(2 * (at * target - cumulant));
  const u = (Math.sinh(at * least) / least) * Math.sqrt(curvature);
  // Next to the middle both terms of the difference are infinite, and the answer is a half.
  if (!(w > 1e-3)) return 0.5;
  const tail = normalTail(w) + normalDensity(w) * (1 / u - 1 / w);
  return Math.min(1, Math.max(0, tail * (1 + DOUBT / effective(sizes))));
}

/** Where few differences outweigh the others it is they that decide: as how many of one size they count. */
function effective(sizes: readonly number[]): number {
  let squares = 0;
  let fourths = 0;
  for (const size of sizes) {
    squares += size ** 2;
    fourths += size ** 4;
  }
  return squares ** 2 / fourths;
}

/** The t at which the tilted sum is the target: Σ a·tanh(t·a) rises from 0 to Σ a. Newton's steps, kept in a bracket. */
function solve(sizes: readonly number[], target: number): number {
  let low = 0;
  let high = Infinity;
  let at = start(sizes, target);
  for (let round = 0; round < 100; round++) {
    let value = -target;
    let slope = 0;
    for (const size of sizes) {
      const tilt = tanh(at * size);
      value += size * tilt;
      slope += size * size * (1 - tilt * tilt);
    }
    if (abs(value) < 1e-9 * target) break;
    if (value < 0) low = at;
    else high = at;
    const next = at - value / slope;
    const inside = next > low && next < high;
    at = inside ? next : high === Infinity ? at * 2 : (low + high) / 2;
  }
  return at;
}

function start(sizes: readonly number[], target: number): number {
  let squares = 0;
  for (const size of sizes) squares += size ** 2;
  return target / squares;
}

/** Without overflow. */
function logCosh(x: number): number {
  return x + log1p(exp(-2 * x)) - Math.LN2;
}

function range(values: readonly number[]): [number, number] {
  let [least, most] = [Infinity, 0];
  for (const value of values) {
    if (value < least) least = value;
    if (value > most) most = value;
  }
  return [least, most];
}
