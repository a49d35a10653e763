/** A sweep as people read it: what was tried, what each came to and why it ended, and the best. Pure. */
import type { Confirmation } from '../../../domain/words/sweep-winner.ts';
import { VALIDATION_LOSS } from '../../../domain/words/names.ts';
import { flattery } from '../../../domain/decide/flattery.ts';
import type { JudgedScore, StoredSweep, StoredTrial } from '../../../store/rows/sweep-records.ts';
import { toTrialScore } from '../../../store/rows/trial-facts.ts';
import type { SweepDetails } from '../../sweeps/sweeps.ts';
import { percent, shortValue } from './format.ts';
import { leftLines, rentedText } from './sweep-money.ts';
import { sweepPicture } from './sweep-picture.ts';
import { table } from './tables.ts';
import { oneLine } from './text.ts';

export function sweepTable(sweeps: readonly StoredSweep[]): string {
  const head = ['sweep', 'outcome', 'method', 'trials', 'best', 'started'];
  const rows = sweeps.map(({ sweepId, outcome, spec, suite, best, createdAt }) => [
    sweepId,
    outcome,
    spec.method,
    spec.trials === undefined ? '-' : String(spec.trials),
    best === undefined ? '-' : `${valueOf(suite, best.score)} (trial ${best.number})`,
    createdAt.slice(0, 'YYYY-MM-DDThh:mm'.length).replace('T', ' '),
  ]);
  return table(head, rows);
}

/** `width`: of the screen. */
export function sweepLines(sweep: SweepDetails, width: number): string[] {
  const { sweepId, outcome, reason, spec, suite, goal, trials, best, winner, status, createdAt } = sweep;
  const wanted = status?.wanted ?? spec.trials ?? trials.length;
  return [
    `${sweepId}  ${outcome}${reason === undefined ? '' : `: ${oneLine(reason)}`}`,
    `${spec.method} over ${Object.keys(spec.parameters).join(', ')}; ${goal} ${suite}; seed ${spec.seed}; since ${createdAt}`,
    `${trials.length} of ${wanted} trials proposed, ${count(trials, 'stopped')} stopped early, ${count(trials, 'failed')} failed; ` +
      rentedText(sweep),
    ...leftLines(sweep),
    '',
    trialTable(suite, trials),
    ...whyLines(trials),
    ...pictureLines(sweep, width),
    '',
    best === undefined
      ? 'no trial has a score yet'
      : `the best ${outcome === 'finished' ? 'is' : 'so far:'} trial ${best.number}, ${best.runId}@${best.checkpoint}, ${valueOf(suite, best.score)} at step ${best.step}`,
    ...(best === undefined || winner?.confirmed !== undefined ? [] : luck(suite, trials)),
    ...winnerLines(sweep),
  ];
}

function pictureLines({ suite, spec, trials }: SweepDetails, width: number): string[] {
  const points = trials.flatMap(({ planned, scores }) => {
    const last = scores.at(-1);
    return last === undefined ? [] : [{ parameters: planned.parameters, score: last.score }];
  });
  const { parameters } = spec;
  const lines = sweepPicture({ parameters, points, width, scoreText: (score) => valueOf(suite, score) });
  return lines.length === 0 ? [] : ['', ...lines];
}

/** Who was chosen, by which scores, and what came of its promotion. */
function winnerLines({ suite, winner, promotion }: SweepDetails): string[] {
  if (winner === undefined) return [];
  const { number, runId, checkpoint, score, confirmed } = winner;
  const by =
    confirmed === undefined
      ? valueOf(suite, score)
      : `${intervalText(suite, confirmed)} on prompts that no trial was chosen by, ${valueOf(suite, score)} before`;
  const promoted =
    promotion === undefined
      ? []
      : [oneLine(`${promotion.promotionId} ${promotion.state}${promotion.reason ? `: ${promotion.reason}` : ''}`)];
  return [`the winner is trial ${number}, ${runId}@${checkpoint}, ${by}`, ...promoted];
}

/** The best of many noisy scores owes a part to luck: how much, were all trials equally good. */
function luck(suite: string, trials: readonly StoredTrial[]): string[] {
  const lucky = flattery(trials.flatMap(({ scores }) => scores.slice(-1).map(toTrialScore)));
  if (lucky === undefined) return [];
  return [
    `of ${lucky.of} equally good trials the best would seem better by up to ${valueOf(suite, lucky.most)} by luck alone; ` +
      'pawl promote asks it again',
  ];
}

function count(trials: readonly StoredTrial[], state: StoredTrial['state']): number {
  return trials.filter((trial) => trial.state === state).length;
}

function trialTable(suite: string, trials: readonly StoredTrial[]): string {
  const names = [...new Set(trials.flatMap(({ planned }) => Object.keys(planned.parameters)))];
  const again = trials.some(({ confirmation }) => confirmation !== undefined);
  const head = [
    'trial',
    'run',
    'state',
    ...names.map(short),
    'step',
    'score [95 %]',
    ...(again ? ['asked again'] : []),
  ];
  const rows = trials.map(({ number, runId, state, planned, scores, runOutcome, confirmation }) => {
    const last = scores.at(-1);
    return [
      String(number),
      runId,
      state === 'running' && runOutcome !== undefined ? runOutcome : state,
      ...names.map((name) => shortValue(planned.parameters[name])),
      last === undefined ? '-' : String(last.step),
      last === undefined ? '-' : intervalText(suite, last),
      ...(again ? [confirmationText(suite, confirmation)] : []),
    ];
  });
  return table(head, rows);
}

function confirmationText(suite: string, confirmation: Confirmation | undefined): string {
  if (confirmation === undefined) return '-';
  return confirmation.kind === 'failed' ? 'failed' : intervalText(suite, confirmation.scored);
}

/** Of trials that were stopped or came to no end: too long for a column. */
function whyLines(trials: readonly StoredTrial[]): string[] {
  const whys = trials.flatMap(({ number, state, reason, runReason }) => {
    const why = reason ?? (state === 'failed' ? runReason : undefined);
    return why === undefined ? [] : [oneLine(`trial ${number} ${state}: ${why}`)];
  });
  return whys.length === 0 ? [] : ['', ...whys];
}

/** A loss is no share of anything. */
function valueOf(suite: string, value: number): string {
  return suite === VALIDATION_LOSS ? value.toFixed(4) : percent(value);
}

function intervalText(suite: string, { score, low, high }: Pick<JudgedScore, 'score' | 'low' | 'high'>): string {
  return low === high
    ? valueOf(suite, score)
    : `${valueOf(suite, score)} [${valueOf(suite, low)}, ${valueOf(suite, high)}]`;
}

function short(path: string): string {
  return path.slice(path.lastIndexOf('.') + 1);
}
