/** The lines of a file that begin in a range of its bytes: ranges side by side have every line once. */
import { createHash } from 'node:crypto';
import { closeSync, fstatSync, openSync, readSync } from 'node:fs';
import { PawlError } from '../../domain/words/failures-of-calls.ts';

export interface FileRange {
  readonly path: string;
  /** What people call the file, where it is another one. */
  readonly name?: string;
  readonly start: number;
  readonly end: number;
}

const LF = 10;
const STEP = 1_024 * 1_024;

interface RangeText {
  /** sha256 of the range's bytes. */
  readonly digest: string;
  /** Without their ends; one that runs on past the range is whole. */
  readonly lines: readonly Buffer[];
}

/** A line of more than `maxBytes` is cut somewhere behind that. Only LF ends a line. */
export function readRange(range: FileRange, maxBytes: number): RangeText {
  const { path, start, end } = range;
  return withFile(path, (file) => {
    const own = readBytes(file, start, end - start);
    const digest = createHash('sha256').update(own).digest('hex');
    const before = start === 0 ? Buffer.of(LF) : readBytes(file, start - 1, 1);
    // A line that began before this range is the range's before.
    const first = before[0] === LF ? 0 : own.indexOf(LF) + 1;
    if (first === 0 && before[0] !== LF) return { digest, lines: [] };
    const rest = own.at(-1) === LF ? Buffer.alloc(0) : readToLineEnd(file, end, maxBytes);
    return { digest, lines: split(Buffer.concat([own.subarray(first), rest])) };
  });
}

export function digestOf({ path, start, end }: FileRange): string {
  return withFile(path, (file) =>
    createHash('sha256')
      .update(readBytes(file, start, end - start))
      .digest('hex'),
  );
}

/** How many lines begin before the range does. */
export function linesBefore({ path, start }: FileRange): number {
  return withFile(path, (file) => {
    let lines = 0;
    let last = LF;
    for (let at = 0; at < start; at += STEP) {
      const bytes = readBytes(file, at, Math.min(STEP, start - at));
      for (let found = bytes.indexOf(LF); found !== -1; found = bytes.indexOf(LF, found + 1)) lines += 1;
      last = bytes.at(-1) ?? LF;
    }
    return last === LF ? lines : lines + 1;
  });
}

function withFile<Value>(path: string, use: (file: number) => Value): Value {
  let file: number;
  try {
    file = openSync(path, 'r');
  } catch (cause) {
    throw new PawlError('InvalidRequest', `${path} could not be read: correct the path, or its permissions.`, {
      cause,
    });
  }
  try {
    return use(file);
  } finally {
    closeSync(file);
  }
}

/** Fewer at the end of the file. */
function readBytes(file: number, offset: number, length: number): Buffer {
  const bytes = Buffer.allocUnsafeSlow(Math.max(0, length));
  let filled = 0;
  while (filled < length) {
    const read = readSync(file, bytes, filled, length - filled, offset + filled);
    if (read === 0) break;
    filled += read;
  }
  return bytes.subarray(0, filled);
}

function readToLineEnd(file: number, from: number, maxBytes: number): Buffer {
  const pieces: Buffer[] = [];
  const { size } = fstatSync(file);
  for (let at = from; at < size && at - from <= maxBytes; at += STEP) {
    const piece = readBytes(file, at, STEP);
    const end = piece.indexOf(LF);
    pieces.push(end === -1 ? piece : piece.subarray(0, end));
    if (end !== -1) break;
  }
  return Buffer.concat(pieces);
}

function split(bytes: Buffer): Buffer[] {
  const lines: Buffer[] = [];
  let from = 0;
  for (let end = bytes.indexOf(LF); end !== -1; end = bytes.indexOf(LF, from)) {
    lines.push(bytes.subarray(from, end));
    from = end + 1;
  }
  if (from < bytes.length) lines.push(bytes.subarray(from));
  return lines;
}
