/** What a recorded run had used when a step was done, from its leases, its checkpoints and its steps. Pure. */
import type { StoredCheckpoint, StoredLease } from '../../store/index.ts';
import type { StepMetrics } from '../../domain/words/training.ts';
import type { Used } from '../../domain/decide/budget.ts';

const MS_PER_HOUR = 3_600_000;

interface Facts {
  readonly steps: readonly StepMetrics[];
  readonly checkpoints: readonly Pick<StoredCheckpoint, 'checkpoint' | 'savedAt'>[];
  readonly leases: readonly StoredLease[];
  readonly costPerHour: number;
}

/**
 * Hours are those of the trainers, as exact as the times of checkpoints and steps; steps of rewound generations are not
 * known. Sums are made once: each step that is asked about costs two look-ups, however many there are.
 */
export function usedAt({ steps, checkpoints, leases, costPerHour }: Facts): (step: number) => Used {
  const trainers = leases.filter(({ kind }) => kind === 'trainer');
  const sums = [{ step: 0, tokens: 0, seconds: 0 }];
  for (const { step, tokens, seconds } of steps) {
    const before = sums.at(-1) ?? { tokens: 0, seconds: 0 };
    sums.push({ step, tokens: before.tokens + tokens, seconds: before.seconds + seconds });
  }
  const saves = checkpoints.map(({ checkpoint: { step }, savedAt }) => ({ step, savedAt }));
  const at = (step: number): { tokens: number; seconds: number } => lastUntil(sums, step) ?? { tokens: 0, seconds: 0 };
  return (step) => {
    const saved = lastUntil(saves, step);
    const startedAt = saved?.savedAt ?? trainers[0]?.plannedAt;
    // From the last checkpoint up to the step, by the seconds that each step took.
    const seconds = at(step).seconds - at(saved?.step ?? 0).seconds;
    const hours = rentedHours(trainers, startedAt === undefined ? 0 : Date.parse(startedAt) + seconds * 1000);
    return { hours, cost: hours * costPerHour, tokens: at(step).tokens };
  };
}

/** The last of those up to a step; they are in order of their steps. */
function lastUntil<Row extends { readonly step: number }>(rows: readonly Row[], step: number): Row | undefined {
  let [from, to] = [0, rows.length];
  while (from < to) {
    const middle = (from + to) >>> 1;
    if ((rows[middle]?.step ?? Infinity) <= step) from = middle + 1;
    else to = middle;
  }
  return rows[from - 1];
}

function rentedHours(trainers: readonly StoredLease[], untilMs: number): number {
  const rentedMs = trainers.reduce((sum, { plannedAt, releasedAt }) => {
    const endMs = releasedAt === undefined ? untilMs : Math.min(untilMs, Date.parse(releasedAt));
    return sum + Math.max(0, endMs - Date.parse(plannedAt));
  }, 0);
  return rentedMs / MS_PER_HOUR;
}
