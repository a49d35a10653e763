/** What a step by itself gives away: a loss that is no number, too high, or far above those before it. */
import type { BadStep, StepRules } from '../words/training.ts';
import type { RunSpec } from '../spec/spec.ts';
import type { StepMetrics } from '../words/training.ts';

/** What a window is told of the policy; nothing where it has no rule for steps. */
export function rulesFor({ maxLoss, spike }: RunSpec['policy']): { rules?: StepRules } {
  if (maxLoss === undefined && spike === undefined) return {};
  return { rules: { ...(maxLoss !== undefined && { maxLoss }), ...(spike !== undefined && { spike }) } };
}

/** How many steps before a step it is compared with. */
export function stepsLookedBack({ spike }: StepRules): number {
  return spike?.window ?? 0;
}

/**
 * The first bad step from `fromStep` on. `steps` holds those before it too, as far as the rules look back, so that the
 * answer does not depend on how steps are cut into windows.
 */
export function firstBadStep(
  rules: StepRules,
  steps: readonly Pick<StepMetrics, 'step' | 'lossMean'>[],
  fromStep: number,
): BadStep | undefined {
  for (const [index, { step, lossMean }] of steps.entries()) {
    if (step < fromStep) continue;
    const before = steps.slice(Math.max(0, index - stepsLookedBack(rules)), index).map((row) => row.lossMean);
    const reason = judgeStep(rules, { step, lossMean }, before);
    if (reason !== undefined) return { step, reason };
  }
  return undefined;
}

/** Why a step is bad, by the losses of the steps before it; undefined: it is not. */
function judgeStep(
  { maxLoss, spike }: StepRules,
  { step, lossMean }: Pick<StepMetrics, 'step' | 'lossMean'>,
  before: readonly number[],
): string | undefined {
  if (!Number.isFinite(lossMean)) return notFinite(step);
  if (maxLoss !== undefined && lossMean > maxLoss) {
    return `the loss ${lossMean.toFixed(3)} of step ${step} is above policy.maxLoss ${maxLoss}`;
  }
  // Too few steps to say what is usual.
  if (spike === undefined || before.length < spike.window) return undefined;
  const usual = median(before);
  if (lossMean <= spike.factor * usual) return undefined;
  return (
    `the loss ${lossMean.toFixed(3)} of step ${step} is ${(lossMean / usual).toFixed(1)} times the median ` +
    `${usual.toFixed(3)} of the ${spike.window} steps before it (policy.spike.factor ${spike.factor})`
  );
}

export function notFinite(step: number): string {
  return `the loss of step ${step} is not a finite number`;
}

function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = Math.floor(sorted.length / 2);
  const upper = sorted[middle] ?? Number.NaN;
  return sorted.length % 2 === 1 ? upper : (upper + (sorted[middle - 1] ?? upper)) / 2;
}
