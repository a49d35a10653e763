/** How many steps one activity trains. Pure. */

/** About as long as a lost worker may set a run back, and short enough to see a run move. */
const WINDOW_SECONDS = 10;

/**
 * Steps of the next window: the spec's own number, or about ten seconds' worth by the last window's pace, a single step
 * while the pace is unknown; never past the next checkpoint or the last step.
 */
export function windowSteps(facts: {
  step: number;
  steps: number;
  checkpointEvery: number;
  windowSteps?: number | undefined;
  secondsPerStep?: number | undefined;
}): number {
  const due = stepsToCheckpoint(facts);
  const pace = facts.secondsPerStep;
  const wanted = facts.windowSteps ?? (pace === undefined ? 1 : Math.floor(WINDOW_SECONDS / Math.max(pace, 1e-3)));
  return Math.max(1, Math.min(wanted, due));
}

/** Steps until the next checkpoint is due; the last step always takes one. */
export function stepsToCheckpoint(facts: { step: number; steps: number; checkpointEvery: number }): number {
  const next = (Math.floor(facts.step / facts.checkpointEvery) + 1) * facts.checkpointEvery;
  return Math.min(next, facts.steps) - facts.step;
}
