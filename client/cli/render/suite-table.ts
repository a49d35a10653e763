/** What checkpoints scored on the further suites: a column for each, or a line for each score where that is too wide. Pure. */
import type { StoredCheckpoint } from '../../../store/index.ts';
import type { Evaluation } from '../../../domain/words/evaluation.ts';
import { scoreText } from './format.ts';
import { table } from './tables.ts';

/** Undefined: the run has no further suites. */
export function suiteTable(checkpoints: readonly StoredCheckpoint[], width: number): string | undefined {
  const names = [...new Set(checkpoints.flatMap(({ suites = [] }) => suites.map(({ suite = '' }) => suite)))];
  if (names.length === 0) return undefined;
  const wide = columnsOf(checkpoints, names);
  const fits = wide.split('\n').every((line) => line.length <= width);
  return fits ? wide : linesOf(checkpoints, names);
}

function columnsOf(checkpoints: readonly StoredCheckpoint[], names: readonly string[]): string {
  const head = names.map((name) => `${name}: ${metricsOf(checkpoints, name)} [95 %]`);
  const rows = checkpoints.map((row) => [row.checkpoint.name, ...names.map((name) => scoreOf(row, name))]);
  return table(['checkpoint', ...head], rows);
}

function linesOf(checkpoints: readonly StoredCheckpoint[], names: readonly string[]): string {
  const rows = names.flatMap((name) =>
    checkpoints.map((row) => [name, metricsOf(checkpoints, name), row.checkpoint.name, scoreOf(row, name)]),
  );
  return table(['suite', 'metric', 'checkpoint', 'score [95 %]'], rows);
}

function metricsOf(checkpoints: readonly StoredCheckpoint[], name: string): string {
  return checkpoints.map((row) => find(row, name)).find((evaluation) => evaluation !== undefined)?.metric ?? 'score';
}

function scoreOf(row: StoredCheckpoint, name: string): string {
  const evaluation = find(row, name);
  return evaluation === undefined ? '-' : scoreText(evaluation);
}

function find({ suites = [] }: StoredCheckpoint, name: string): Evaluation | undefined {
  return suites.find(({ suite }) => suite === name);
}
