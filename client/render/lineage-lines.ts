/** The lineage of runs as text: a graph, or a flat list of checkpoints. Pure. */
import { changeText } from '../../workflows/contracts.ts';
import type { LineageCheckpoint, LineageRun } from '../lineage.ts';
import type { Colours } from './colours.ts';
import { scoreText } from './format.ts';
import { layOut, type GraphRow } from './lineage-graph.ts';
import { table } from './tables.ts';
import { cut, oneLine } from './text.ts';

/** `●` is a checkpoint, `◆` the newest end of a run, `↺` a rewind. */
export function lineageGraph(runs: readonly LineageRun[], colours: Colours, width: number): string {
  return layOut(runs)
    .map((row) => cut(`${'│ '.repeat(row.depth)}${rowText(row, colours)}`, width))
    .join('\n');
}

function rowText(row: GraphRow, colours: Colours): string {
  switch (row.kind) {
    case 'run':
      return `◆ ${runText(row.run, colours)}`;
    case 'checkpoint':
      return `● ${checkpointText(row.at, colours)}`;
    case 'rewind': {
      const { fromStep, toStep, generation, cause } = row.rewind;
      const text = `rewound from step ${fromStep} to ${toStep}, generation ${generation}: ${oneLine(cause)}`;
      return `${colours.warn('↺')} ${colours.dim(text)}`;
    }
    case 'join':
      return '├─╯';
    case 'gap':
      return '';
    default:
      return row satisfies never;
  }
}

/** What is different about a branch comes before how it ended. */
function runText({ runId, parent, outcome, reason }: LineageRun, colours: Colours): string {
  const parts = [colours.strong(runId)];
  if (parent !== undefined) {
    parts.push(parent.changes.length === 0 ? 'nothing changed' : oneLine(parent.changes.map(changeText).join(', ')));
  }
  parts.push(colours.dim(reason === undefined ? outcome : `${outcome}: ${oneLine(reason)}`));
  return parts.join('  ');
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
  const rows = runs
    .flatMap(({ runId, checkpoints }) => checkpoints.map((at) => ({ runId, at })))
    .sort((a, b) => b.at.savedAt.localeCompare(a.at.savedAt))
    .slice(0, limit)
    .map(({ runId, at }) => [
      at.savedAt.slice(0, 'yyyy-mm-ddThh:mm:ss'.length).replace('T', ' '),
      runId,
      String(at.step),
      at.identity,
      at.evaluation === undefined ? '' : scoreText(at.evaluation),
      at.verdict?.kind ?? '',
      at.marks.join(', '),
    ]);
  return table(['saved (UTC)', 'run', 'step', 'identity', 'score [95 %]', 'verdict', 'marks'], rows)
    .split('\n')
    .map((line) => cut(line, width))
    .join('\n');
}
