/** Tables of checkpoints and of runs, within the width of the terminal. Pure. */
import type { Evaluation } from '../../../domain/words/evaluation.ts';
import type { Comparison, StoredCheckpoint } from '../../../store/index.ts';
import { differenceText, scoreText, share } from './format.ts';
import { oneLine, truncate, visibleLength } from './text.ts';

const GAP = 2;
/** Below this a reason says nothing: `pawl logs` has them all. */
const MIN_REASON = 40;

type Cells = readonly string[];

/** Text in columns, without lines between them: more of an identity fits. Thousands of rows take no time. */
export function table(head: Cells, rows: readonly Cells[]): string {
  const widths = head.map((title) => visibleLength(title));
  for (const row of rows) {
    for (const [column, cell] of row.entries()) widths[column] = Math.max(widths[column] ?? 0, visibleLength(cell));
  }
  const gap = ' '.repeat(GAP);
  const line = (row: Cells): string =>
    row
      .map((cell, column) => padded(cell, widths[column] ?? 0))
      .join(gap)
      .trimEnd();
  return [head, ...rows].map(line).join('\n');
}

function padded(cell: string, width: number): string {
  return cell + ' '.repeat(width - visibleLength(cell));
}

/** Adds a last column of free text, as wide as there is room for. */
export function wideTable(
  head: Cells,
  rows: readonly Cells[],
  last: { head: string; cells: (room: number) => Cells },
  width: number,
): string {
  const used = head.map((title, column) =>
    rows.reduce((widest, row) => Math.max(widest, row[column]?.length ?? 0), title.length),
  );
  const room = width - used.reduce((sum, cell) => sum + cell + GAP, 0);
  const cells = last.cells(room);
  return table(
    [...head, last.head],
    rows.map((row, index) => [...row, truncate(cells[index] ?? '', Math.max(room, last.head.length))]),
  );
}

/** Answers that came to no end, told where there are some. */
const ENDINGS = [
  { head: 'cut', of: ({ cut = 0 }: Evaluation): number => cut },
  { head: 'still reasoning', of: ({ unended = 0 }: Evaluation): number => unended },
] as const;

/** Verdicts carry their reason where there is room for it. */
export function checkpointTable(checkpoints: readonly StoredCheckpoint[], width: number): string {
  const metric = checkpoints.find(({ evaluation }) => evaluation !== undefined)?.evaluation?.metric ?? 'score';
  const unended = ENDINGS.filter(({ of }) => checkpoints.some(({ evaluation }) => evaluation && of(evaluation) > 0));
  const validated = checkpoints.some(({ checkpoint }) => checkpoint.validation !== undefined);
  const rows = checkpoints.map(({ checkpoint, evaluation }) => [
    checkpoint.name,
    checkpoint.snapshotType,
    String(checkpoint.step),
    checkpoint.identity,
    evaluation === undefined ? '-' : scoreText(evaluation),
    ...(validated ? [validationText(checkpoint)] : []),
    ...unended.map(({ of }) => (evaluation === undefined ? '-' : share(of(evaluation), evaluation.samples))),
  ]);
  const named = [`${metric} [95 %]`, ...(validated ? ['validation loss'] : [])];
  const head = ['checkpoint', 'type', 'step', 'identity', ...named, ...unended.map((one) => one.head)];
  const verdicts = (room: number): string[] =>
    checkpoints.map(({ verdict }) => {
      if (verdict === undefined) return '-';
      return room < MIN_REASON ? verdict.kind : `${verdict.kind}: ${oneLine(verdict.reason)}`;
    });
  return wideTable(head, rows, { head: 'verdict', cells: verdicts }, width);
}

function validationText({ validation }: StoredCheckpoint['checkpoint']): string {
  return validation === undefined ? '-' : validation.loss.toFixed(4);
}

const REFERENCES = [
  { head: 'over the baseline [95 %]', of: ({ overBaseline }: StoredCheckpoint) => overBaseline },
  { head: 'over the parent [95 %]', of: ({ overParent }: StoredCheckpoint) => overParent },
  { head: 'over the one before [95 %]', of: ({ overPrevious }: StoredCheckpoint) => overPrevious },
] as const;

/** Narrower terminals are shown the first reference only. */
const ROOM_FOR_ALL = 120;

/** How much better than others, on the same prompts, the first of which is judged; undefined where there are none. */
export function comparisonTable(checkpoints: readonly StoredCheckpoint[], width: number): string | undefined {
  const known = REFERENCES.filter(({ of }) => checkpoints.some((row) => of(row) !== undefined));
  const [first] = known;
  if (first === undefined) return undefined;
  const shown = width < ROOM_FOR_ALL ? [first] : known;
  const compared = checkpoints.filter((row) => shown.some(({ of }) => of(row) !== undefined));
  const rows = compared.map((row) => [
    row.checkpoint.name,
    ...shown.map(({ of }) => cell(of(row), differenceText)),
    cell(first.of(row), ({ pairs }) => String(pairs)),
  ]);
  const judged = compared.map((row) => cell(first.of(row), standing));
  const head = ['checkpoint', ...shown.map((reference) => reference.head), 'prompts'];
  return wideTable(head, rows, { head: 'which is', cells: () => judged }, width);
}

function cell(comparison: Comparison | undefined, text: (comparison: Comparison) => string): string {
  return comparison === undefined ? '-' : text(comparison);
}

function standing({ mean, low, high, pairsToSettle }: Comparison): string {
  if (low === undefined || high === undefined) return 'one prompt: no evidence';
  if (low > 0) return 'better';
  if (high < 0) return 'worse';
  if (pairsToSettle === undefined) return mean === 0 ? 'no different' : 'perhaps chance';
  return `perhaps chance: about ${pairsToSettle} prompts would tell`;
}
