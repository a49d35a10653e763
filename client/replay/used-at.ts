/** What a recorded run had used when a step was done, from its leases, its checkpoints and its steps. Pure. */
import type { StepNumbers, StoredCheckpoint, StoredLease } from '../../store/index.ts';
import type { Used } from '../../domain/decide/budget.ts';

const MS_PER_HOUR = 3_600_000;

interface Facts {
  readonly steps: readonly Pick<StepNumbers, 'step' | 'tokens' | 'seconds'>[];
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
  let sum = { step: 0, tokens: 0, seconds: 0 };
  const sums = [sum];
  for (const { step, tokens, seconds } of steps) {
    sum = { step, tokens: sum.tokens + tokens, seconds: sum.seconds + seconds };
    sums.push(sum);
  }
  const saves = checkpoints.map(({ checkpoint: { step }, savedAt }) => ({
    step,
    savedMs: Date.parse(savedAt),
  }));
  const [sumAt, saveAt, sumAtSave] = [looker(sums), looker(saves), looker(sums)];
  return (step) => {
    const saved = saveAt(step);
    const startedMs = saved?.savedMs ?? trainers[0]?.fromMs;
    const { tokens, seconds } = sumAt(step) ?? { tokens: 0, seconds: 0 };
    // From the last checkpoint up to the step, by the seconds that each step took.
    const since = seconds - (sumAtSave(saved?.step ?? 0)?.seconds ?? 0);
    const hours = rentedHours(trainers, startedMs === undefined ? 0 : startedMs + since * 1000);
    return { hours, cost: hours * costPerHour, tokens };
  };
}

/** Finds the last of those up to a step; they are in order of their steps. Asked for one after the other, it searches nothing. */
function looker<Row extends { readonly step: number }>(rows: readonly Row[]): (step: number) => Row | undefined {
  let found = 0;
  const isNext = (step: number): boolean =>
    (rows[found - 1]?.step ?? -Infinity) <= step && (rows[found]?.step ?? Infinity) > step;
  return (step) => {
    if (!isNext(step)) found += 1;
    if (!isNext(step)) found = countUntil(rows, step);
    return rows[found - 1];
  };
}

function countUntil(rows: readonly { readonly step: number }[], step: number): number {
  let [from, to] = [0, rows.length];
  while (from < to) {
    const middle = (from + to) >>> 1;
    if ((rows[middle]?.step ?? Infinity) <= step) from = middle + 1;
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
