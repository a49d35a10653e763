/** Which trials count as good, and which as bad, as Optuna's TPESampler divides them. */
import type { SweepSpec } from '../../spec/sweep-spec.ts';
import type { Goal, Trial } from '../../words/sweep.ts';

export interface Divided {
  /** Both in the order of their numbers. */
  readonly good: readonly Trial[];
  readonly bad: readonly Trial[];
  /** Trials with an outcome: what start-up counts. */
  readonly known: number;
}

/**
 * So many bad ones are learned from, the newest: those before them weigh less than a thousandth each, and what a
 * proposal costs no longer grows with the sweep.
 */
const MOST_BAD = 1_000;

/** The best of those that ran to their end, then of those that were stopped, the ones that came farthest first. */
export function divided(
  trials: readonly Trial[],
  { goal, search }: { goal: Goal; search: SweepSpec['search'] },
): Divided {
  const sign = goal === 'maximize' ? -1 : 1;
  const costs = new Map(trials.map((trial) => [trial, sign * (scoreOf(trial) ?? Number.NaN)]));
  const costOf = (trial: Trial): number => costs.get(trial) ?? Number.NaN;
  const scored = trials.filter((trial) => !Number.isNaN(costOf(trial)));
  const finished = scored.filter(({ state }) => state === 'finished');
  const stopped = scored.filter(({ state }) => state === 'stopped');
  // It has no score that another could be compared with, but says more than any where not to look.
  const diverged = trials.filter(({ state }) => state === 'diverged');
  const running = search.constantLiar ? trials.filter(({ state }) => state === 'running') : [];
  finished.sort((one, other) => costOf(one) - costOf(other) || one.number - other.number);
  stopped.sort((one, other) => stepOf(other) - stepOf(one) || costOf(one) - costOf(other) || one.number - other.number);
  const ranked = [...finished, ...stopped];
  const known = ranked.length + diverged.length;
  const goodCount = Math.min(Math.ceil(search.gamma * known), search.maxGood);
  const byNumber = (one: Trial, other: Trial): number => one.number - other.number;
  return {
    good: ranked.slice(0, goodCount).sort(byNumber),
    bad: [...ranked.slice(goodCount), ...diverged, ...running].sort(byNumber).slice(-MOST_BAD),
    known,
  };
}

function scoreOf({ score, scores }: Trial): number | undefined {
  return score ?? scores.at(-1)?.value;
}

function stepOf({ scores }: Trial): number {
  return scores.at(-1)?.step ?? 0;
}
