/** Differences between two evaluations on the same prompts: their mean, its interval, and how many pairs would settle it. */
import { uniformInt } from 'pure-rand/distribution/uniformInt';
import { xoroshiro128plus } from 'pure-rand/generator/xoroshiro128plus';

/** What a prompt scored in one evaluation. */
export interface PromptScore {
  readonly promptHash: string;
  readonly score: number;
}

export interface PairedDifference {
  /** Mean of candidate − baseline over the prompts that both answered. */
  readonly mean: number;
  /** 95 % interval of the mean, by bootstrap. Absent: one pair says nothing of the spread. */
  readonly low?: number;
  readonly high?: number;
  /** Prompts that both answered. */
  readonly pairs: number;
  /** Where the interval holds zero: prompts that would tell a difference of this size from none. */
  readonly pairsToSettle?: number;
}

/** Enough for a bound to vary by about a fortieth of the interval's width; more would make people wait. */
const RESAMPLES = 2_000;
const SEED = 20_111;

/** 97.5 % and 80 % quantiles of the normal distribution. */
const Z_CONFIDENCE = 1.959963984540054;
const Z_POWER = 0.8416212335729143;

/**
 * Compares on the prompts that both have; where one has several samples of a prompt, by their mean. Undefined where they
 * share none. The same scores give the same interval, to the last bit.
 */
export function pairedDifference(
  baseline: readonly PromptScore[],
  candidate: readonly PromptScore[],
): PairedDifference | undefined {
  const before = meanByPrompt(baseline);
  // In an order of its own: how a store returns rows must not change what is drawn.
  const after = [...meanByPrompt(candidate)].sort(([one], [other]) => (one < other ? -1 : 1));
  const differences = after.flatMap(([prompt, score]) => {
    const base = before.get(prompt);
    return base === undefined ? [] : [score - base];
  });
  if (differences.length === 0) return undefined;
  if (differences.length === 1) return { mean: mean(differences), pairs: 1 };
  const found = { mean: mean(differences), ...bootstrapInterval(differences), pairs: differences.length };
  if (found.low > 0 || found.high < 0 || found.mean === 0) return found;
  return { ...found, pairsToSettle: requiredPairs({ effect: found.mean, deviation: deviation(differences) }) };
}

/** Percentile bootstrap of the mean (B. Efron, 1979): no assumption on how the differences are spread. */
export function bootstrapInterval(
  values: readonly number[],
  { resamples = RESAMPLES, seed = SEED }: { resamples?: number; seed?: number } = {},
): { low: number; high: number } {
  const random = xoroshiro128plus(seed);
  const means = new Float64Array(resamples);
  for (let resample = 0; resample < resamples; resample++) {
    let total = 0;
    for (let draw = 0; draw < values.length; draw++) total += values[uniformInt(random, 0, values.length - 1)] ?? 0;
    means[resample] = total / values.length;
  }
  means.sort();
  const outside = Math.floor(resamples * 0.025);
  return { low: means[outside] ?? Number.NaN, high: means[resamples - 1 - outside] ?? Number.NaN };
}

/**
 * Pairs with which a true mean difference of `effect` would be told from zero in four cases of five, at 95 %:
 * ((z₀.₉₇₅ + z₀.₈)·σ/effect)² (NIST/SEMATECH e-Handbook of Statistical Methods, 7.2.2.2). Infinite for no effect.
 */
export function requiredPairs({ effect, deviation }: { effect: number; deviation: number }): number {
  if (deviation === 0) return 2;
  return Math.max(2, Math.ceil((((Z_CONFIDENCE + Z_POWER) * deviation) / effect) ** 2));
}

function meanByPrompt(scores: readonly PromptScore[]): Map<string, number> {
  const byPrompt = new Map<string, number[]>();
  for (const { promptHash, score } of scores) {
    const known = byPrompt.get(promptHash);
    if (known === undefined) byPrompt.set(promptHash, [score]);
    else known.push(score);
  }
  return new Map([...byPrompt].map(([prompt, values]) => [prompt, mean(values)]));
}

function deviation(values: readonly number[]): number {
  const centre = mean(values);
  return Math.sqrt(values.reduce((total, value) => total + (value - centre) ** 2, 0) / (values.length - 1));
}

function mean(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0) / values.length;
}
