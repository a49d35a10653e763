/** What is kept of the numbers that are told of a step, beside its loss. Pure. */

type Metrics = Readonly<Record<string, number>>;

const MOST_METRICS = 64;
const LONGEST_NAME = 64;

/**
 * At most 64 numbers: those of the objective first, then the trainer's, whose number under the same name gives way. A
 * number that is not finite is left out (the loss says that a step diverged, and JSON has no number for the rest), and
 * so is one whose name is empty or has more than 64 characters: cut, two names might become one.
 */
export function metricsOfStep(objective: Metrics, trainer: Metrics): Metrics {
  const all = Object.entries({ ...objective, ...trainer, ...objective });
  const kept = all.filter(([name, value]) => name !== '' && name.length <= LONGEST_NAME && Number.isFinite(value));
  return Object.fromEntries(kept.slice(0, MOST_METRICS));
}
