/** Differences between two evaluations on the same prompts: their mean, its interval, and how many pairs would settle it. */
import { normalQuantile, studentQuantile, TAIL } from './distributions.ts';
import { signFlipTail } from './sign-flips.ts';

/** What a prompt scored in one evaluation, from 0 to 1. */
export interface PromptScore {
  readonly promptHash: string;
  readonly score: number;
}

export interface PairedDifference {
  /** Mean of candidate − baseline over the prompts that both answered. */
  readonly mean: number;
  /** Interval of the mean, of 95 % unless more was asked for. Absent: one pair says nothing of the spread. */
  readonly low?: number;
  readonly high?: number;
  /** Prompts that both answered. */
  readonly pairs: number;
  /** Where the interval holds zero: prompts that would tell a difference of this size from none. */
  readonly pairsToSettle?: number;
}

/** 80 % quantile of the normal distribution: the power with which a difference is to be told from none. */
const Z_POWER = 0.8416212335729143;

/**
 * Compares on the prompts that both have; where one has several samples of a prompt, by their mean. Undefined where they
 * share none. `tail` is the chance of being wrong on either side: a difference that was chosen among several needs a
 * smaller one (`looks.ts`). Time and space are linear in the prompts; the same scores give the same interval.
 */
export function pairedDifference(
  baseline: readonly PromptScore[],
  candidate: readonly PromptScore[],
  { tail = TAIL }: { readonly tail?: number } = {},
): PairedDifference | undefined {
  const differences = differencesOf(baseline, candidate);
  const pairs = differences.length;
  if (pairs === 0) return undefined;
  const mean = meanOf(differences);
  if (pairs === 1) return { mean, pairs };
  const found = { mean, ...differenceInterval(differences, tail), pairs };
  if (found.low > 0 || found.high < 0 || mean === 0) return found;
  const needed = requiredPairs({ effect: mean, deviation: imagined(differences).deviation, tail });
  return { ...found, pairsToSettle: Math.max(pairs + 1, needed) };
}

/**
 * The interval of a mean of at least two differences between −1 and 1, each side wrong with chance `tail`.
 *
 * Its reach is Student's, with two further prompts imagined, one won and one lost by as much as any, as D. G. Bonett and R. M.
 * Price have it for right and wrong ("Adjusted Wald Confidence Interval for a Difference of Binomial Proportions Based on
 * Paired Data", J. Educ. Behav. Stat. 37, 2012): prompts that agree do not show that all would. And it holds zero unless
 * the sign-flip test rules out that chance alone chose who is better, which few prompts never do.
 */
export function differenceInterval(differences: readonly number[], tail: number = TAIL): { low: number; high: number } {
  const { centre, deviation } = imagined(differences);
  const count = differences.length + 2;
  const reach = studentQuantile(count - 1, tail) * (deviation / Math.sqrt(count));
  const low = Math.max(-1, centre - reach);
  const high = Math.min(1, centre + reach);
  return {
    low: low > 0 && signFlipTail(differences) > tail ? 0 : low,
    high: high < 0 && signFlipTail(differences.map((difference) => -difference)) > tail ? 0 : high,
  };
}

/**
 * Mean and standard deviation with two differences beside those that were seen: as large as the largest one, which for
 * scores that are right or wrong is 1, up and down. Where none differ, of 1.
 */
function imagined(differences: readonly number[]): { centre: number; deviation: number } {
  const largest = differences.reduce((most, difference) => Math.max(most, Math.abs(difference)), 0);
  const size = largest === 0 ? 1 : largest;
  const count = differences.length + 2;
  const centre = (meanOf(differences) * differences.length) / count;
  let squares = (size - centre) ** 2 + (-size - centre) ** 2;
  for (const difference of differences) squares += (difference - centre) ** 2;
  return { centre, deviation: Math.sqrt(squares / (count - 1)) };
}

/**
 * Pairs with which a true mean difference of `effect` would be told from zero in four cases of five, each side wrong with
 * chance `tail`: ((z₁₋ₜₐᵢₗ + z₀.₈)·σ/effect)² (NIST/SEMATECH e-Handbook of Statistical Methods, 7.2.2.2). Infinite for no
 * effect.
 */
export function requiredPairs({
  effect,
  deviation,
  tail = TAIL,
}: {
  effect: number;
  deviation: number;
  tail?: number;
}): number {
  if (deviation === 0) return 2;
  return Math.max(2, Math.ceil((((normalQuantile(tail) + Z_POWER) * deviation) / effect) ** 2));
}

/** In an order of its own: how a store returns rows must not change how rounding falls. */
function differencesOf(baseline: readonly PromptScore[], candidate: readonly PromptScore[]): number[] {
  const before = meanByPrompt(baseline);
  const after = [...meanByPrompt(candidate)].sort(([one], [other]) => (one < other ? -1 : 1));
  const differences: number[] = [];
  for (const [prompt, score] of after) {
    const base = before.get(prompt);
    if (base !== undefined) differences.push(score - base);
  }
  return differences;
}

function meanByPrompt(scores: readonly PromptScore[]): Map<string, number> {
  const byPrompt = new Map<string, { total: number; count: number }>();
  for (const { promptHash, score } of scores) {
    const known = byPrompt.get(promptHash);
    if (known === undefined) byPrompt.set(promptHash, { total: score, count: 1 });
    else {
      known.total += score;
      known.count += 1;
    }
  }
  return new Map([...byPrompt].map(([prompt, { total, count }]) => [prompt, total / count]));
}

function meanOf(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0) / values.length;
}
