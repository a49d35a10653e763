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

/** Of each step its number and its loss, in two columns: of half a million steps nobody makes as many objects. */
export interface LossColumns {
  readonly step: ArrayLike<number>;
  readonly lossMean: ArrayLike<number>;
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
  const columns = { step: steps.map(({ step }) => step), lossMean: steps.map(({ lossMean }) => lossMean) };
  return firstBadOf(rules, columns, { start: 0, end: steps.length, fromStep });
}

/** As `firstBadStep`, among the rows from `start` up to `end`, those that are looked back at included. */
export function firstBadOf(
  rules: StepRules,
  { step: steps, lossMean: losses }: LossColumns,
  { start, end, fromStep }: { start: number; end: number; fromStep: number },
): BadStep | undefined {
  if (isSmooth(rules, losses, start, end)) return undefined;
  const before = new SortedWindow(stepsLookedBack(rules));
  for (let index = start; index < end; index++) {
    const [step, lossMean] = [steps[index] ?? Number.NaN, losses[index] ?? Number.NaN];
    const reason = step < fromStep ? undefined : judgeStep(rules, { step, lossMean }, before);
    if (reason !== undefined) return { step, reason };
    before.push(lossMean);
  }
  return undefined;
}

/** Whether no step can be bad, which most stretches of a run tell at a glance: no median is below the smallest loss. */
function isSmooth(
  { maxLoss = Infinity, spike }: StepRules,
  losses: ArrayLike<number>,
  start: number,
  end: number,
): boolean {
  let [min, max] = [Infinity, -Infinity];
  for (let index = start; index < end; index++) {
    const loss = losses[index] ?? Number.NaN;
    if (!Number.isFinite(loss)) return false;
    if (loss < min) min = loss;
    if (loss > max) max = loss;
  }
  return max <= maxLoss && (spike === undefined || max <= spike.factor * min);
}

/** Why a step is bad, by the losses of the steps before it; undefined: it is not. */
function judgeStep(
  { maxLoss, spike }: StepRules,
  { step, lossMean }: Pick<StepMetrics, 'step' | 'lossMean'>,
  before: SortedWindow,
): string | undefined {
  if (!Number.isFinite(lossMean)) return notFinite(step);
  if (maxLoss !== undefined && lossMean > maxLoss) {
    return `the loss ${lossMean.toFixed(3)} of step ${step} is above policy.maxLoss ${maxLoss}`;
  }
  // Too few steps to say what is usual.
  if (spike === undefined || before.size < spike.window) return undefined;
  const usual = before.median();
  if (lossMean <= spike.factor * usual) return undefined;
  return (
    `the loss ${lossMean.toFixed(3)} of step ${step} is ${(lossMean / usual).toFixed(1)} times the median ` +
    `${usual.toFixed(3)} of the ${spike.window} steps before it (policy.spike.factor ${spike.factor})`
  );
}

export function notFinite(step: number): string {
  return `the loss of step ${step} is not a finite number`;
}

/** The last so many values, kept in order: a median costs a look, and the next value a place that is searched for. */
class SortedWindow {
  readonly #length: number;
  readonly #arrived: number[] = [];
  readonly #sorted: number[] = [];
  #oldest = 0;

  constructor(length: number) {
    this.#length = length;
  }

  get size(): number {
    return this.#sorted.length;
  }

  push(value: number): void {
    if (this.#length === 0) return;
    if (this.#sorted.length < this.#length) this.#arrived.push(value);
    else {
      this.#sorted.splice(this.#placeOf(this.#arrived[this.#oldest] ?? Number.NaN), 1);
      this.#arrived[this.#oldest] = value;
      this.#oldest = (this.#oldest + 1) % this.#length;
    }
    this.#sorted.splice(this.#placeOf(value), 0, value);
  }

  median(): number {
    const middle = Math.floor(this.#sorted.length / 2);
    const upper = this.#sorted[middle] ?? Number.NaN;
    return this.#sorted.length % 2 === 1 ? upper : (upper + (this.#sorted[middle - 1] ?? upper)) / 2;
  }

  /** Of the first value that is not smaller; what is no number is the largest of all. */
  #placeOf(value: number): number {
    let [low, high] = [0, this.#sorted.length];
    while (low < high) {
      const middle = (low + high) >>> 1;
      const smaller = Number.isNaN(value)
        ? !Number.isNaN(this.#sorted[middle] ?? Number.NaN)
        : (this.#sorted[middle] ?? Number.NaN) < value;
      if (smaller) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}
