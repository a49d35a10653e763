/** What another rule had said of recorded trials, and saved. */
import type { StopVerdict, Trial, TrialScore } from '../../words/sweep.ts';
import type { StopRule } from './rungs.ts';
import { stopVerdict } from './verdict.ts';

export interface ReplayedTrial {
  readonly number: number;
  /** The first stop. */
  readonly stopped?: StopVerdict;
  /** Verdicts that stopped nothing for the score's noise. */
  readonly spared: readonly StopVerdict[];
  /** Trained after that stop, as recorded: what the rule had saved. */
  readonly savedSteps: number;
  /** Trained after the first time it was spared: what certainty cost. */
  readonly sparedSteps: number;
  /** It was stopped in fact, and this rule had let it go on: what it had scored then is not known. */
  readonly unknown: boolean;
}

interface Stood {
  readonly trial: Trial;
  /** As it was known after the last score that the rule let it have. */
  seen: Trial;
  stopped?: StopVerdict;
  readonly spared: { readonly verdict: StopVerdict; readonly step: number }[];
}

/** A rule over recorded trials, score by score in the order in which they came; no score counts that the rule had prevented. */
export function replayStops(rule: StopRule, trials: readonly Trial[]): ReplayedTrial[] {
  const stood = new Map<number, Stood>();
  for (const { trial, score } of inOrder(trials)) {
    const before = stood.get(trial.number) ?? { trial, seen: { ...trial, scores: [] }, spared: [] };
    if (before.stopped === undefined) {
      before.seen = withScore(before, score);
      stood.set(trial.number, before);
      judge(rule, before, stood, score);
    }
  }
  return trials.map((trial) => replayed(trial, stood.get(trial.number)));
}

/** Finished only once all of it has come, so that the median rule counts it from then on. */
function withScore({ trial, seen }: Stood, score: TrialScore): Trial {
  const scores = [...seen.scores, score];
  return { ...trial, scores, state: scores.length === trial.scores.length ? trial.state : 'running' };
}

function judge(rule: StopRule, own: Stood, stood: ReadonlyMap<number, Stood>, { order, step }: TrialScore): void {
  const known = [...stood.values()].map(({ seen }) => seen);
  const verdict = stopVerdict(rule, known, { number: own.trial.number, order });
  if (verdict?.spared !== undefined) own.spared.push({ verdict, step });
  // Nothing is saved by stopping what has come to its end.
  if (verdict?.stop !== true || own.seen.state === 'finished') return;
  own.stopped = verdict;
  own.seen = { ...own.seen, state: 'stopped' };
}

function replayed(trial: Trial, stood: Stood | undefined): ReplayedTrial {
  const end = lastStep(trial);
  const reached = stood === undefined ? end : lastStep(stood.seen);
  const spared = stood?.spared ?? [];
  return {
    number: trial.number,
    ...(stood?.stopped !== undefined && { stopped: stood.stopped }),
    spared: spared.map(({ verdict }) => verdict),
    savedSteps: end - reached,
    sparedSteps: spared[0] === undefined ? 0 : reached - spared[0].step,
    unknown: trial.state === 'stopped' && stood?.stopped === undefined,
  };
}

function lastStep({ scores }: Trial): number {
  return scores.reduce((last, { step }) => Math.max(last, step), 0);
}

function inOrder(trials: readonly Trial[]): { trial: Trial; score: TrialScore }[] {
  return trials
    .flatMap((trial) => trial.scores.map((score) => ({ trial, score })))
    .sort((one, other) => one.score.order - other.score.order);
}
