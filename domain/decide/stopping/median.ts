/**
 * The median rule: a trial is stopped if its best score so far is worse than the median of what finished trials had at
 * the same place (D. Golovin et al., "Google Vizier", KDD 2017, 3.2.2; in the form of Optuna's MedianPruner, which
 * takes their scores at that place and not their running means).
 */
import type { Goal, StopVerdict, Trial } from '../../words/sweep.ts';
import { intervalAt, reaches, scoreText, short } from './noise.ts';
import { placedScores, type PlacedScore, type StopRule } from './rungs.ts';

/** Optuna's n_startup_trials. */
const GRACE = 5;

interface Entry {
  readonly number: number;
  readonly value: number;
}

interface Judged {
  readonly number: number;
  readonly score: PlacedScore;
}

export function medianVerdict(rule: StopRule, trials: readonly Trial[], judged: Judged): StopVerdict {
  const { minSteps, maxSteps = Number.POSITIVE_INFINITY, unit, certainty, grace = GRACE } = rule.stopEarly;
  const { place } = judged.score;
  const own = bestSoFar(trials, judged, rule);
  const interval = intervalAt(own, certainty);
  const base = { stop: false, score: own.value, ...(interval !== undefined && { interval }) };
  if (place < minSteps) return { ...base, cohort: 0, reason: `nothing is stopped before ${minSteps} ${unit}` };
  if (place >= maxSteps) return { ...base, cohort: 0, reason: `nothing is stopped from ${maxSteps} ${unit} on` };
  const { finished, cohort } = finishedBefore(trials, judged.score, rule);
  const at = { ...base, rung: place, cohort: cohort.length };
  if (finished < grace || cohort.length === 0) {
    return { ...at, reason: `at ${place} ${unit}: ${finished} have finished, ${cohort.length} with a score there` };
  }
  return { ...at, ...comparison(rule, cohort, at) };
}

/** Only what had finished by then is compared with, whenever it is asked. */
function finishedBefore(
  trials: readonly Trial[],
  { place, order }: PlacedScore,
  { stopEarly }: StopRule,
): { finished: number; cohort: Entry[] } {
  const finished = trials.filter(
    ({ state, scores }) => state === 'finished' && scores.every((score) => score.order < order),
  );
  const cohort = finished.flatMap((trial) => {
    const there = placedScores(trial, stopEarly).find((score) => score.place === place);
    return there === undefined ? [] : [{ number: trial.number, value: there.value }];
  });
  return { finished: finished.length, cohort };
}

function comparison(
  { stopEarly, goal }: StopRule,
  cohort: readonly Entry[],
  { score, interval, rung }: Pick<StopVerdict, 'score' | 'interval' | 'rung'>,
): Pick<StopVerdict, 'stop' | 'threshold' | 'setBy' | 'spared' | 'reason'> {
  const { threshold, setBy } = medianOf(cohort);
  const worse = better(threshold, score, goal);
  const spared = worse && stopEarly.certainty !== undefined && reaches(interval, threshold, goal);
  const own = `at ${rung} ${stopEarly.unit}: its best, ${scoreText(score, interval)}, ${compared(worse, spared)}`;
  const whose = setBy === undefined ? '' : ` (trial ${setBy})`;
  return {
    stop: worse && !spared,
    threshold,
    ...(setBy !== undefined && { setBy }),
    ...(spared && { spared: 'noise' as const }),
    reason: `${own} the median of ${cohort.length} that finished, ${short(threshold)}${whose}`,
  };
}

function compared(worse: boolean, spared: boolean): string {
  if (spared) return 'may well reach, for all its noise,';
  return worse ? 'is worse than' : 'is no worse than';
}

function bestSoFar(trials: readonly Trial[], judged: Judged, rule: StopRule): PlacedScore {
  const own = trials.find(({ number }) => number === judged.number);
  const sofar =
    own === undefined ? [] : placedScores(own, rule.stopEarly).filter(({ order }) => order <= judged.score.order);
  return sofar.reduce((best, score) => (better(score.value, best.value, rule.goal) ? score : best), judged.score);
}

function better(one: number, other: number, goal: Goal): boolean {
  return goal === 'maximize' ? one > other : one < other;
}

/** Nobody sets what is the mean of two. */
function medianOf(entries: readonly Entry[]): { threshold: number; setBy?: number } {
  const sorted = [...entries].sort((one, other) => one.value - other.value || one.number - other.number);
  const middle = sorted[Math.floor(sorted.length / 2)];
  const below = sorted[sorted.length / 2 - 1];
  if (middle === undefined) throw new RangeError('no scores have no median');
  return below === undefined
    ? { threshold: middle.value, setBy: middle.number }
    : { threshold: (below.value + middle.value) / 2 };
}
