/** Two runs compared, as text: `a` is the first one, `b` the second. Pure. */
import { valueText } from '../../../domain/spec/spec-changes.ts';
import type { SpecChange } from '../../../domain/spec/spec-changes.ts';
import type { RunDiff, ScoresAtStep } from '../../lineage/run-diff.ts';
import { spread } from '../../lineage/spread.ts';
import type { Colours } from './colours.ts';
import { differenceText, percent } from './format.ts';
import { table } from './tables.ts';
import { cut, oneLine, truncate } from './text.ts';

/** More steps than these say no more about two curves. */
const STEPS_SHOWN = 12;
/** Of a value that is long, a path or a hash. */
const MIN_VALUE = 16;

export function diffLines(diff: RunDiff, colours: Colours, width: number): string {
  const parts = [
    [sideLine('a', diff.before, diff, colours), sideLine('b', diff.after, diff, colours)].join('\n'),
    changes('experiment', diff.spec, width),
    diff.data === undefined
      ? 'one of the two was never planned: nothing is known of its data'
      : changes('pinned data', diff.data, width),
    losses(diff),
    scores(diff.scores),
  ];
  return parts
    .join('\n\n')
    .split('\n')
    .map((line) => cut(line, width))
    .join('\n');
}

function sideLine(name: 'a' | 'b', side: RunDiff['before'], { before, after }: RunDiff, colours: Colours): string {
  const line = `${name}  ${colours.strong(side.runId)}`;
  if (side.parent === undefined) return line;
  const { runId, step } = side.parent;
  const parent = runId === before.runId ? 'a' : runId === after.runId ? 'b' : runId;
  return `${line}, a branch of ${parent} at step ${step}`;
}

function changes(title: string, found: readonly SpecChange[], width: number): string {
  if (found.length === 0) return `${title}: the same`;
  const longest = Math.max(title.length, ...found.map(({ path }) => path.length));
  const room = Math.max(MIN_VALUE, Math.floor((width - longest) / 2) - 2);
  const value = (given: unknown): string => truncateStart(oneLine(valueText(given)), room);
  return table(
    [title, 'a', 'b'],
    found.map(({ path, before, after }) => [path, value(before), value(after)]),
  );
}

/** The end of a path says more than its beginning; two hashes differ anywhere. */
function truncateStart(text: string, room: number): string {
  if (text.length <= room || !text.startsWith('/')) return truncate(text, room);
  return `…${text.slice(text.length - room + 1)}`;
}

function losses({ losses: found, commonSteps }: RunDiff): string {
  if (found.length === 0) return 'loss: no step that both trained';
  const rows = spread(found, STEPS_SHOWN).map(({ step, before, after }) => {
    const difference = after - before;
    return [
      `step ${step}`,
      before.toFixed(4),
      after.toFixed(4),
      `${difference < 0 ? '' : '+'}${difference.toFixed(4)}`,
    ];
  });
  return table([`loss, ${commonSteps} steps`, 'a', 'b', 'b − a'], rows);
}

function scores(found: readonly ScoresAtStep[]): string {
  if (found.length === 0) return 'scores: no step at which both were evaluated';
  const names = [...new Set(found.map(({ suite }) => suite))];
  return names.map((name) => suiteTable(found.filter(({ suite }) => suite === name))).join('\n\n');
}

function suiteTable(found: readonly ScoresAtStep[]): string {
  const [first] = found;
  const rows = spread(found, STEPS_SHOWN).map(({ step, before, after, difference }) => [
    `step ${step}`,
    percent(before.score),
    percent(after.score),
    difference === undefined ? 'not comparable' : differenceText(difference),
    difference === undefined ? '' : String(difference.pairs),
  ]);
  const title = first === undefined ? '' : `${first.suite}, ${first.after.metric}`;
  return table([title, 'a', 'b', 'b − a [95 %]', 'prompts'], rows);
}
