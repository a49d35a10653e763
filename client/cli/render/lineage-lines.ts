/** The lineage of runs as text: a graph, or a flat list of checkpoints. Pure. */
import { changeText } from '../../../domain/spec/spec-changes.ts';
import { liveChangeText } from '../../../domain/words/live-changes.ts';
import type { LineageCheckpoint, LineageRun } from '../../lineage/lineage.ts';
import type { Colours } from './colours.ts';
import { scoreText, shortValue } from './format.ts';
import { layOut, type GraphRow } from './lineage-graph.ts';
import { table } from './tables.ts';
import { cut, oneLine } from './text.ts';

/** `●` is a checkpoint, `◆` the newest end of a run, `↺` a rewind, `✎` a change that was set, `◇` a sweep. */
export function lineageGraph(runs: readonly LineageRun[], colours: Colours, width: number): string {
  return layOut(runs)
    .flatMap((row) => rowLines(row, colours).map((line) => cut(`${'│ '.repeat(row.depth)}${line}`, width)))
    .join('\n');
}

function rowLines(row: GraphRow, colours: Colours): string[] {
  switch (row.kind) {
    case 'run':
      return runLines(row.run, colours);
    case 'checkpoint':
      return [`● ${checkpointText(row.at, colours)}`];
    case 'rewind': {
      const { fromStep, toStep, generation, cause } = row.rewind;
      const text = `rewound from step ${fromStep} to ${toStep}, generation ${generation}: ${oneLine(cause)}`;
      return [`${colours.warn('↺')} ${colours.dim(text)}`];
    }
    case 'change':
      return [`✎ ${colours.dim(oneLine(liveChangeText(row.change)))}`];
    case 'sweep':
      return [`◇ ${colours.strong(row.sweepId)}  sweep`];
    case 'join':
      return ['├─╯'];
    case 'gap':
      return [''];
    default:
      return row satisfies never;
  }
}

/** How it ended, and what is different about it if it is a branch; then, beneath, why it ended. */
function runLines({ runId, parent, trial, outcome, reason }: LineageRun, colours: Colours): string[] {
  const parts = [colours.strong(runId), outcome];
  if (trial !== undefined) {
    const tried = Object.entries(trial.parameters).map(([path, value]) => `${path} ${shortValue(value)}`);
    parts.push(oneLine(`trial ${trial.number}: ${tried.join(', ')}`));
  }
  if (parent !== undefined) {
    parts.push(parent.changes.length === 0 ? 'nothing changed' : oneLine(parent.changes.map(changeText).join(', ')));
  }
  const head = `◆ ${parts.join('  ')}`;
  return reason === undefined ? [head] : [head, `│   ${colours.dim(oneLine(reason))}`];
}

function checkpointText({ step, identity, marks, evaluation, verdict }: LineageCheckpoint, colours: Colours): string {
  const parts = [`step ${step}`, identity];
  if (marks.length > 0) parts.push(colours.good(`(${marks.join(', ')})`));
  if (evaluation !== undefined) parts.push(`${evaluation.metric} ${scoreText(evaluation)}`);
  if (verdict !== undefined) parts.push(colours.dim(verdict.kind));
  return parts.join('  ');
}

/** Every checkpoint of these runs, newest first. */
export function lineageList(runs: readonly LineageRun[], limit: number, width: number): string {
  const newest = runs
    .flatMap(({ runId, checkpoints }) => checkpoints.map((at) => ({ runId, at })))
    .sort((a, b) => b.at.savedAt.localeCompare(a.at.savedAt))
    .slice(0, limit);
  const marked = newest.some(({ at }) => at.marks.length > 0);
  const rows = newest.map(({ runId, at }) => [
    at.savedAt.slice(0, 'yyyy-mm-ddThh:mm:ss'.length).replace('T', ' '),
    runId,
    String(at.step),
    at.identity,
    at.evaluation === undefined ? '' : scoreText(at.evaluation),
    at.verdict?.kind ?? '',
    ...(marked ? [at.marks.join(', ')] : []),
  ]);
  const head = ['saved (UTC)', 'run', 'step', 'identity', 'score [95 %]', 'verdict', ...(marked ? ['marks'] : [])];
  return table(head, rows)
    .split('\n')
    .map((line) => cut(line, width))
    .join('\n');
}
