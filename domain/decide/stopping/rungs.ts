/** Where the rungs of a trial are, and which scores stand on them. */
import type { StopEarly } from '../../spec/sweep-spec.ts';
import type { Goal, Trial, TrialScore } from '../../words/sweep.ts';
import { uniformAt } from '../search/random.ts';

/** Scores are judged by it. */
export interface StopRule {
  readonly stopEarly: StopEarly;
  readonly goal: Goal;
  /** Of the sweep: which bracket of Hyperband a trial is in. */
  readonly seed: number;
}

/** How far a trial was when it was scored, in the unit of the rule. */
export interface PlacedScore extends TrialScore {
  readonly place: number;
  /** Of the score before; 0 for the first. */
  readonly before: number;
}

/** Scores of training, by step; the baseline is of no trial's making. */
export function placedScores({ scores }: Trial, { unit }: StopEarly): PlacedScore[] {
  const trained = scores.filter(({ step }) => step > 0).sort((one, other) => one.step - other.step);
  const placeAt = (index: number): number => (unit === 'steps' ? (trained[index]?.step ?? 0) : index + 1);
  return trained.map((score, index) => ({
    ...score,
    place: placeAt(index),
    before: index === 0 ? 0 : placeAt(index - 1),
  }));
}

/** The first score from a rung on; its place alone is worked out, as thousands of trials are asked for theirs. */
export function scoreAtRung({ scores }: Trial, rung: number, { unit }: StopEarly): PlacedScore | undefined {
  let [place, before] = [0, 0];
  for (const score of inSteps(scores)) {
    if (score.step <= 0) continue;
    place = unit === 'steps' ? score.step : before + 1;
    if (place >= rung) return { ...score, place, before };
    before = place;
  }
  return undefined;
}

/** As they are, where they are in order already. */
function inSteps(scores: readonly TrialScore[]): readonly TrialScore[] {
  const ordered = scores.every((score, index) => index === 0 || (scores[index - 1]?.step ?? 0) <= score.step);
  return ordered ? scores : [...scores].sort((one, other) => one.step - other.step);
}

/** The next rung beyond a place; undefined where nothing is stopped any more. */
export function nextRung(place: number, { minSteps, maxSteps, reduction }: StopEarly, bracket = 0): number | undefined {
  let rung = minSteps * reduction ** bracket;
  while (rung <= place) rung *= reduction;
  return maxSteps !== undefined && rung >= maxSteps ? undefined : rung;
}

/** Rungs that the score is the first to reach, the lowest first. */
export function rungsOf({ place, before }: PlacedScore, stopEarly: StopEarly, bracket = 0): number[] {
  const rungs: number[] = [];
  const { minSteps, maxSteps = Number.POSITIVE_INFINITY, reduction } = stopEarly;
  for (let rung = minSteps * reduction ** bracket; rung <= place && rung < maxSteps; rung *= reduction) {
    if (rung > before) rungs.push(rung);
  }
  return rungs;
}

/** How many brackets there are: as many as there are first rungs below the end (L. Li et al., "Hyperband", JMLR 18, 2018). */
export function bracketCount({ brackets, minSteps, maxSteps = minSteps, reduction }: StopEarly): number {
  return brackets ?? Math.floor(Math.log(maxSteps / minSteps) / Math.log(reduction) + 1e-9) + 1;
}

/**
 * The bracket of a trial, drawn so that each has the share of trials that Hyperband gives it: ⌈n·ηˢ/(s + 1)⌉ parts, for
 * bracket n − 1 − s of n. Bracket 0 stops earliest, the last one not at all.
 */
export function bracketOf({ stopEarly, seed }: Pick<StopRule, 'stopEarly' | 'seed'>, number: number): number {
  const count = bracketCount(stopEarly);
  const shares = Array.from({ length: count }, (_, bracket) => {
    const later = count - 1 - bracket;
    return Math.ceil((count * stopEarly.reduction ** later) / (later + 1));
  });
  const total = shares.reduce((sum, share) => sum + share, 0);
  let left = uniformAt({ seed, number, purpose: 'bracket of a trial' }) * total;
  return Math.max(
    0,
    shares.findIndex((share) => (left -= share) < 0),
  );
}
