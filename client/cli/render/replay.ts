/** A run decided again: its verdicts beside those that were recorded, and where it would have ended. Pure. */
import type { ReplayedVerdict } from '../../replay/replay-policy.ts';
import type { PolicyReplay } from '../../replay/replay-run.ts';
import { liveChangeText } from '../../../domain/words/live-changes.ts';
import type { Colours } from './colours.ts';
import { durationText, scoreText } from './format.ts';
import { wideTable } from './tables.ts';
import { oneLine } from './text.ts';

export function replayLines(replay: PolicyReplay, colours: Colours, columns: number): string[] {
  const { verdicts } = replay;
  if (verdicts.length === 0) return [`${colours.strong(replay.runId)} has no checkpoint that was judged yet.`];
  const metric = verdicts.find(({ evaluation }) => evaluation !== undefined)?.evaluation?.metric ?? 'score';
  const head = ['step', 'checkpoint', `${metric} [95 %]`, 'recorded', '', 'replayed'];
  const rows = verdicts.map(({ step, checkpoint, evaluation, recorded, replayed, differs }) => [
    String(step),
    checkpoint,
    evaluation === undefined ? '-' : scoreText(evaluation),
    recorded?.kind ?? '-',
    differs ? '≠' : '=',
    replayed?.kind ?? 'not reached',
  ]);
  const reasons = verdicts.map(({ replayed }) => oneLine(replayed?.reason ?? ''));
  return [
    wideTable(head, rows, { head: 'because', cells: () => reasons }, columns),
    '',
    ...replay.changes.map((change) => oneLine(liveChangeText(change))),
    differences(verdicts),
    ...endLines(replay, colours),
  ];
}

function differences(verdicts: readonly ReplayedVerdict[]): string {
  const count = verdicts.filter(({ differs }) => differs).length;
  if (count === 0) return `all ${verdicts.length} verdicts are as recorded`;
  return `${count} of ${verdicts.length} verdicts differ`;
}

function endLines({ runId, end, lastStep, outcome, reason, saved }: PolicyReplay, colours: Colours): string[] {
  const why = reason === undefined ? '' : `: ${oneLine(reason)}`;
  const recorded = `recorded: ${outcome}, ${lastStep} steps${why}`;
  if (end === undefined) {
    return [
      `replayed: ${colours.strong(runId)} would have gone on; nothing is recorded after step ${lastStep}`,
      recorded,
    ];
  }
  const kept = end.checkpoint === undefined ? '' : `, by the verdict on ${end.checkpoint}`;
  return [
    `replayed: ${colours.strong(runId)} ends after ${end.step} steps${kept}: ${oneLine(end.reason)}`,
    recorded,
    ...(saved === undefined || saved.steps === 0 ? [] : [`saved: ${savedText(saved)}`]),
  ];
}

/** Without prices there is no money to speak of. */
function savedText({ steps, hours, cost, tokens }: NonNullable<PolicyReplay['saved']>): string {
  const money = cost > 0 ? `, ${cost.toFixed(2)} in cost` : '';
  return `${steps} steps, ${tokens} tokens, about ${durationText(hours * 3_600)} of rent${money}`;
}
