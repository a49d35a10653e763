/**
 * Asynchronous successive halving, the kind that stops: at each rung a trial goes on if it is among the best 1/η of
 * those that have come so far; nobody waits for the others (L. Li et al., "A system for massively parallel
 * hyperparameter tuning", MLSys 2020; in the form of Optuna's SuccessiveHalvingPruner: of fewer than η the best goes on).
 * Hyperband is the same in brackets that begin later and later, each of which knows only its own trials.
 */
import type { StopVerdict, Trial } from '../../words/sweep.ts';
import { intervalAt, reaches, scoreText, short } from './noise.ts';
import { bracketOf, nextRung, rungsOf, scoreAtRung, type PlacedScore, type StopRule } from './rungs.ts';

interface Entry {
  readonly number: number;
  readonly score: PlacedScore;
}

/** What is said of the trial's score, by those that had come when it came. */
export function halvingVerdict(rule: StopRule, trials: readonly Trial[], judged: Entry): StopVerdict {
  const { stopEarly } = rule;
  const hyperband = stopEarly.rule === 'hyperband';
  const bracket = hyperband ? bracketOf(rule, judged.number) : 0;
  const shown = hyperband ? { bracket } : {};
  const base = { stop: false, ...shown, cohort: 0, score: judged.score.value };
  const due = rungsOf(judged.score, stopEarly, bracket);
  let verdict: StopVerdict = { ...base, reason: waiting(judged.score, rule, bracket) };
  if (due.length === 0) return verdict;
  const rivals = hyperband ? trials.filter(({ number }) => bracketOf(rule, number) === bracket) : trials;
  const rungs = new Rungs(rule, rivals, bracket);
  for (const rung of due) {
    verdict = { ...shown, ...rungs.verdict(judged, rung) };
    if (verdict.stop) break;
  }
  return verdict;
}

function waiting({ place }: PlacedScore, { stopEarly }: StopRule, bracket: number): string {
  const next = nextRung(place, stopEarly, bracket);
  return next === undefined ? 'no rung is left' : `the next rung is at ${next} ${stopEarly.unit}`;
}

/** The rungs of one bracket, as they stood whenever it is asked. */
class Rungs {
  private readonly trials: readonly Trial[];
  private readonly passed = new Map<string, boolean>();
  private readonly rule: StopRule;
  private readonly bracket: number;

  constructor(rule: StopRule, trials: readonly Trial[], bracket: number) {
    this.rule = rule;
    this.bracket = bracket;
    this.trials = trials;
  }

  verdict(judged: Entry, rung: number): StopVerdict {
    const { stopEarly, goal } = this.rule;
    const { value, order } = judged.score;
    const cohort = this.cohort(rung, order);
    const places = Math.max(1, Math.floor(cohort.length / stopEarly.reduction));
    const last = cohort[places - 1];
    const rank = cohort.findIndex(({ score }) => score.order === order);
    const interval = intervalAt(judged.score, stopEarly.certainty);
    const alone = cohort.length - 1 < (stopEarly.grace ?? 1);
    const below = last !== undefined && rank >= places && !alone;
    const spared = below && stopEarly.certainty !== undefined && reaches(interval, last.score.value, goal);
    const said = { rank, places, cohort: cohort.length, last, alone, interval, spared, rung };
    return {
      stop: below && !spared,
      rung,
      cohort: cohort.length,
      score: value,
      ...(interval !== undefined && { interval }),
      ...(last !== undefined && { threshold: last.score.value, setBy: last.number }),
      ...(spared && { spared: 'noise' as const }),
      reason: reasonOf(judged, said, this.rule),
    };
  }

  /** The first score of each trial at the rung that came no later, the best first; of equal ones the older. */
  private cohort(rung: number, order: number): Entry[] {
    const sign = this.rule.goal === 'maximize' ? -1 : 1;
    return this.trials
      .flatMap((trial): Entry[] => {
        const score = scoreAtRung(trial, rung, this.rule.stopEarly);
        if (score === undefined || score.order > order || !this.came(trial.number, score, rung)) return [];
        return [{ number: trial.number, score }];
      })
      .sort((one, other) => sign * (one.score.value - other.score.value) || one.score.order - other.score.order);
  }

  /** One score may reach several rungs: it stands on a higher one only if it was not stopped below. */
  private came(number: number, score: PlacedScore, rung: number): boolean {
    const lower = rungsOf(score, this.rule.stopEarly, this.bracket).filter((one) => one < rung);
    return lower.every((one) => {
      const key = `${score.order} ${one}`;
      const known = this.passed.get(key) ?? !this.verdict({ number, score }, one).stop;
      this.passed.set(key, known);
      return known;
    });
  }
}

interface Said {
  readonly rank: number;
  readonly places: number;
  readonly cohort: number;
  readonly last: Entry | undefined;
  readonly alone: boolean;
  readonly interval: StopVerdict['interval'];
  readonly spared: boolean;
  readonly rung: number;
}

function reasonOf({ number, score }: Entry, said: Said, { stopEarly, goal }: StopRule): string {
  const { rank, places, cohort, last, alone, interval, spared, rung } = said;
  const at = `at rung ${rung} of ${stopEarly.unit}`;
  const own = scoreText(score.value, interval);
  if (alone || last === undefined) return `${at}: ${own}, and ${cohort - 1} to compare with`;
  const stand = `${at}: ${own} is number ${rank + 1} of ${cohort}, of which ${places} ${places === 1 ? 'goes' : 'go'} on`;
  if (rank < places)
    return last.number === number
      ? `${stand}; it sets the threshold`
      : `${stand}; the last of them has ${short(last.score.value)} (trial ${last.number})`;
  const threshold = `the threshold is ${short(last.score.value)}, set by trial ${last.number}`;
  if (!spared) return `${stand}; ${threshold}`;
  const side = goal === 'maximize' ? 'above' : 'below';
  return `${stand}; ${threshold}, but with a certainty of ${stopEarly.certainty} it may lie ${side} it: noise stops nothing`;
}
