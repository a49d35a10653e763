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

/** Hours are those of the trainers, as exact as the times of checkpoints and steps; steps of rewound generations are not known. */
export function usedAt({ steps, checkpoints, leases, costPerHour }: Facts): (step: number) => Used {
  const trainers = leases.filter(({ kind }) => kind === 'trainer');
  return (step) => {
    const done = steps.filter((row) => row.step <= step);
    const hours = rentedHours(trainers, timeOf(step, { steps: done, checkpoints, trainers }));
    return { hours, cost: hours * costPerHour, tokens: done.reduce((sum, { tokens }) => sum + tokens, 0) };
  };
}

/** From the last checkpoint up to the step, by the seconds that each step took. */
function timeOf(
  step: number,
  { steps, checkpoints, trainers }: Pick<Facts, 'steps' | 'checkpoints'> & { trainers: readonly StoredLease[] },
): number {
  const saved = checkpoints.findLast(({ checkpoint }) => checkpoint.step <= step);
  const from = saved?.checkpoint.step ?? 0;
  const seconds = steps.reduce((sum, row) => (row.step > from ? sum + row.seconds : sum), 0);
  const startedAt = saved?.savedAt ?? trainers[0]?.plannedAt;
  return startedAt === undefined ? 0 : Date.parse(startedAt) + seconds * 1000;
}

function rentedHours(trainers: readonly StoredLease[], untilMs: number): number {
  const rentedMs = trainers.reduce((sum, { plannedAt, releasedAt }) => {
    const endMs = releasedAt === undefined ? untilMs : Math.min(untilMs, Date.parse(releasedAt));
    return sum + Math.max(0, endMs - Date.parse(plannedAt));
  }, 0);
  return rentedMs / MS_PER_HOUR;
}
