/** What a recorded run had used when a step was done, from its leases, its checkpoints and its steps. Pure. */
import type { StepNumbers, StoredCheckpoint, StoredLease } from '../../store/index.ts';
import type { Used } from '../../domain/decide/budget.ts';

const MS_PER_HOUR = 3_600_000;

interface Facts {
  readonly steps: Pick<StepNumbers, 'step' | 'tokens' | 'seconds'>;
  readonly checkpoints: readonly Pick<StoredCheckpoint, 'checkpoint' | 'savedAt'>[];
  readonly leases: readonly StoredLease[];
  readonly costPerHour: number;
}

/**
 * Hours are those of the trainers, as exact as the times of checkpoints and steps; steps of rewound generations are not
 * known. Sums are made once: each step that is asked about costs two look-ups, which remember where the last one ended.
 */
export function usedAt({ steps, checkpoints, leases, costPerHour }: Facts): (step: number) => Used {
  const trainers = leases
    .filter(({ kind }) => kind === 'trainer')
    .map(({ plannedAt, releasedAt }) => ({
      fromMs: Date.parse(plannedAt),
      ...(releasedAt !== undefined && { untilMs: Date.parse(releasedAt) }),
    }));
  const until = { tokens: summed(steps.tokens), seconds: summed(steps.seconds) };
  const saves = checkpoints.map(({ checkpoint: { step }, savedAt }) => ({
    step,
    savedMs: Date.parse(savedAt),
  }));
  const saveSteps = saves.map(({ step }) => step);
  const [stepsUntil, savesUntil, stepsUntilSave] = [counter(steps.step), counter(saveSteps), counter(steps.step)];
  return (step) => {
    const saved = saves[savesUntil(step) - 1];
    const startedMs = saved?.savedMs ?? trainers[0]?.fromMs;
    const done = stepsUntil(step);
    // From the last checkpoint up to the step, by the seconds that each step took.
    const since = (until.seconds[done] ?? 0) - (until.seconds[stepsUntilSave(saved?.step ?? 0)] ?? 0);
    const hours = rentedHours(trainers, startedMs === undefined ? 0 : startedMs + since * 1000);
    return { hours, cost: hours * costPerHour, tokens: until.tokens[done] ?? 0 };
  };
}

/** By how many steps are done, from none on: what they took together. */
function summed(values: Float64Array): Float64Array {
  const found = new Float64Array(values.length + 1);
  for (let index = 0; index < values.length; index++) found[index + 1] = (found[index] ?? 0) + (values[index] ?? 0);
  return found;
}

/** Counts those up to a step; they are in order. Asked for one step after the other, it searches nothing. */
function counter(steps: ArrayLike<number>): (step: number) => number {
  let count = 0;
  const isCount = (step: number): boolean =>
    (steps[count - 1] ?? -Infinity) <= step && (steps[count] ?? Infinity) > step;
  return (step) => {
    if (!isCount(step) && count < steps.length) count += 1;
    if (!isCount(step)) count = countUntil(steps, step);
    return count;
  };
}

function countUntil(steps: ArrayLike<number>, step: number): number {
  let [from, to] = [0, steps.length];
  while (from < to) {
    const middle = (from + to) >>> 1;
    if ((steps[middle] ?? Infinity) <= step) from = middle + 1;
    else to = middle;
  }
  return from;
}

interface Rented {
  readonly fromMs: number;
  readonly untilMs?: number;
}

function rentedHours(trainers: readonly Rented[], nowMs: number): number {
  let rentedMs = 0;
  for (const { fromMs, untilMs = Infinity } of trainers) rentedMs += Math.max(0, Math.min(nowMs, untilMs) - fromMs);
  return rentedMs / MS_PER_HOUR;
}
