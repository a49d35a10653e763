/** The list of runs as a table: how each stands, what it reached and came to, and what tells it from the others. Pure. */
import { amount } from '../../../domain/decide/policy-text.ts';
import { fieldChanges, valueText } from '../../../domain/spec/spec-changes.ts';
import { isOver, type RunSummary } from '../../runs/run-view.ts';
import { durationText } from './format.ts';
import { table, wideTable } from './tables.ts';
import { oneLine } from './text.ts';

export function runTable(runs: readonly RunSummary[], width: number): string {
  const head = ['run', 'outcome', 'step', 'score', 'started', 'lasted', 'cost'];
  const rows = runs.map(({ runId, outcome, phase, step, steps, score, createdAt, seconds, cost }) => [
    runId,
    isOver(outcome) || phase === undefined ? outcome : phase,
    step === undefined ? '-' : `${step}/${steps ?? '?'}`,
    score === undefined ? '-' : amount(score, score.score),
    createdAt.slice(0, 'YYYY-MM-DDThh:mm'.length).replace('T', ' '),
    seconds === undefined ? '-' : durationText(seconds),
    cost === undefined ? '-' : `${cost.amount.toFixed(2)} ${cost.currency}`,
  ]);
  // Columns that nobody fills say nothing.
  const used = head.map((_, column) => column < 3 || rows.some((row) => row[column] !== '-'));
  const some = (cells: readonly string[]): string[] => cells.filter((_, column) => used[column]);
  const told = differences(runs);
  const cells = runs.map((run, index) =>
    [told[index], run.outcome === 'finished' ? '' : oneLine(run.reason ?? '')].filter((text) => text).join('; '),
  );
  if (cells.every((cell) => cell === '')) return table(some(head), rows.map(some));
  const title = told.some((text) => text !== '') ? 'what differs' : 'reason';
  return wideTable(some(head), rows.map(some), { head: title, cells: () => cells }, width);
}

/** Names and tags are told already, and where a run came from is in `pawl log`. */
const APART = new Set(['name', 'tags']);

/** Of each run, the fields in which not all of them are alike: by the end of their paths, if that is clear. */
function differences(runs: readonly RunSummary[]): string[] {
  const specs = runs.map(({ spec }) => spec);
  const [first, ...others] = specs.filter((spec) => spec !== undefined);
  if (first === undefined) return runs.map(() => '');
  const changes = others.flatMap((spec) => fieldChanges(first, spec));
  const paths = [...new Set(changes.map(({ path }) => path))].filter((path) => !APART.has(path.split('.')[0] ?? ''));
  const names = shortNames(paths);
  return specs.map((spec) => {
    if (spec === undefined) return '';
    const told = paths.map((path) => [path, valueAt(spec, path)] as const).filter(([, value]) => value !== undefined);
    return told.map(([path, value]) => `${names.get(path)} ${short(oneLine(valueText(value)))}`).join(', ');
  });
}

function shortNames(paths: readonly string[]): Map<string, string> {
  const last = (path: string): string => path.slice(path.lastIndexOf('.') + 1);
  return new Map(
    paths.map((path) => [path, paths.filter((other) => last(other) === last(path)).length > 1 ? path : last(path)]),
  );
}

function valueAt(spec: object, path: string): unknown {
  return path.split('.').reduce<unknown>((value, key) => (value as Record<string, unknown> | undefined)?.[key], spec);
}

const LONGEST = 32;

/** Of a path its end. */
function short(text: string): string {
  if (text.length <= LONGEST) return text;
  return text.startsWith('/') ? `…${text.slice(-LONGEST)}` : `${text.slice(0, LONGEST)}…`;
}
