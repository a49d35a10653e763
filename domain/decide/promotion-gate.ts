/** The gate's verdict: a pure function of what was compared, with its reason in words and numbers. */
import type { SuiteComparison } from '../words/promotion.ts';

export interface GateVerdict {
  readonly passed: boolean;
  readonly reason: string;
}

/** A candidate passes if on every suite the lower bound of its paired difference lies above the margin. */
export function judgeGate(facts: {
  /** In words: whom the candidate must beat. */
  readonly against: string;
  readonly margin: number;
  readonly comparisons: readonly SuiteComparison[];
}): GateVerdict {
  const verdicts = facts.comparisons.map((comparison) => judgeSuite(comparison, facts.margin));
  const failed = verdicts.filter(({ passed }) => !passed);
  const passed = failed.length === 0 && verdicts.length > 0;
  const told = (passed ? verdicts : failed).map(({ reason }) => reason).join('; ');
  return { passed, reason: `${passed ? '' : 'not shown to be '}better than ${facts.against}: ${told || 'no suite'}` };
}

function judgeSuite(comparison: SuiteComparison, margin: number): GateVerdict {
  const { suite, metric, candidate, reference, difference, prompts } = comparison;
  const refuse = (why: string): GateVerdict => ({ passed: false, reason: `${suite}: ${why}` });
  if (candidate.missing + reference.missing > 0) return refuse(missingText(comparison));
  if (difference === undefined) return refuse('there is no prompt that both answered');
  const { mean, low, high, pairs } = difference;
  const asked = pairs === prompts ? promptsText(pairs) : `${pairs} of ${promptsText(prompts)}`;
  const scores = `${metric} ${percent(candidate.score)} against ${percent(reference.score)}`;
  if (low === undefined || high === undefined) return refuse(`${scores} on ${asked}: one prompt is no evidence`);
  const found = `${scores}, better by ${points(mean)} [${points(low)}, ${points(high)}] points on ${asked}${looksText(comparison)}`;
  if (mean === 0) return refuse(`${found}: a tie never promotes`);
  if (low > margin) return { passed: true, reason: `${suite}: ${found}, above the margin of ${percent(margin)}` };
  if (high <= margin) return refuse(`${found}: no better than the margin of ${percent(margin)}`);
  return refuse(`${found}: inconclusive, as the interval reaches down to the margin of ${percent(margin)}${settle()}`);

  /** An interval shrinks with the square root of its samples. */
  function settle(): string {
    if (low === undefined || mean <= margin) return '';
    const needed = Math.max(pairs + 1, Math.ceil(pairs * ((mean - low) / (mean - margin)) ** 2));
    return `; if the difference is what it seems, about ${needed} prompts would show it`;
  }
}

/** Why an interval is wider than usual. */
function looksText({ looks = 1 }: SuiteComparison): string {
  return looks === 1 ? '' : `, in an interval that allows for ${looks} candidates looked at on them`;
}

function missingText({ candidate, reference, difference, prompts }: SuiteComparison): string {
  const sides = [
    ...(candidate.missing > 0 ? [`${answers(candidate.missing)} of the candidate`] : []),
    ...(reference.missing > 0 ? [`${answers(reference.missing)} of its rival`] : []),
  ].join(' and ');
  const pairs = difference?.pairs ?? 0;
  return `${sides} missing, so ${pairs} of ${promptsText(prompts)} can be compared: missing scores never promote`;
}

function answers(count: number): string {
  return count === 1 ? '1 answer' : `${count} answers`;
}

function promptsText(count: number): string {
  return count === 1 ? '1 prompt' : `${count} prompts`;
}

function percent(value: number): string {
  return `${(value * 100).toFixed(1)} %`;
}

function points(value: number): string {
  return `${value < 0 ? '' : '+'}${(value * 100).toFixed(1)}`;
}
