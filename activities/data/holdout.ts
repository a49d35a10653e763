/**
 * Which rows are held out: by a hash of what a row says, so that it is the same rows in every run, whatever their order,
 * form and tokenizer, and equal rows are never parted. Pure.
 */
import { createHash } from 'node:crypto';
import { keepsBooks } from './columns.ts';

export interface Holdout {
  /** Of all rows, about. */
  readonly fraction: number;
  /** Which of them are read: those that are held out, or the others. */
  readonly side: 'trained' | 'held out';
}

/** Raised, other rows would be held out than before. */
const VERSION = 'pawl-holdout-1';
const BYTES = 6;

/** Whether a line is on this side; one that is no JSON is for the others, where it is refused with its place. */
export function isOnSide(line: string, { fraction, side }: Holdout, ignore: readonly string[] = []): boolean {
  return shareOf(line, new Set(ignore)) < fraction === (side === 'held out');
}

/** Where the row stands between 0 and 1: uniform, and unrelated to what it says. */
function shareOf(line: string, ignore: ReadonlySet<string>): number {
  let row: unknown;
  try {
    row = JSON.parse(line);
  } catch {
    return 1;
  }
  const text = JSON.stringify(sorted(isObject(row) ? saying(row, ignore) : row));
  const digest = createHash('sha256').update(`${VERSION}\n${text}`).digest();
  return digest.readUIntBE(0, BYTES) / 2 ** (8 * BYTES);
}

/** Without columns that only keep books, or are not used: the same text under another id is the same row. */
function saying(row: object, ignore: ReadonlySet<string>): object {
  return Object.fromEntries(
    Object.entries(row).filter(([name, value]) => value !== null && !ignore.has(name) && !keepsBooks(name)),
  );
}

/** Two forms of a row may have its keys in another order. */
function sorted(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sorted);
  if (!isObject(value)) return value;
  const entries = Object.entries(value).sort(([one], [other]) => (one < other ? -1 : 1));
  return entries.map(([name, inner]) => [name, sorted(inner)]);
}

function isObject(value: unknown): value is object {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
