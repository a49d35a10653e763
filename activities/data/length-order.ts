/**
 * The rows of a dataset in the order of their length, kept as an artifact: which lengths there are and how many rows have
 * each, then the numbers of all rows. Made once, when a run is planned, in eight bytes a row; read row by row.
 */
import { setImmediate as nextTurn } from 'node:timers/promises';
import { PawlError } from '../../domain/words/failures-of-calls.ts';
import type { Artifacts } from '../../store/artifacts/artifacts.ts';
import { cachedArtifacts } from '../../store/artifacts/cached-artifacts.ts';
import type { Dataset } from './dataset.ts';
import { requireLittleEndian } from './part-format.ts';
import type { LengthClass } from './token-batches.ts';

const MAGIC = Buffer.from('PAWLLEN1', 'latin1');
const WORD = 4;
/** Magic, rows, classes. */
const HEAD_BYTES = MAGIC.length + 2 * WORD;

/** Looked at in one piece. */
const ROWS_A_TURN = 100_000;

export interface PinnedLengths {
  readonly hash: string;
  readonly classes: readonly LengthClass[];
}

/** `perRow`: examples of a row, two of a pair. Equal lengths stand in the order of the data. */
export async function pinLengthOrder(
  artifacts: Artifacts,
  dataset: Pick<Dataset, 'examples' | 'lengths'>,
  perRow: 1 | 2,
): Promise<PinnedLengths> {
  requireLittleEndian();
  const lengths = new Int32Array(dataset.examples / perRow);
  const counts = new Map<number, number>();
  let example = 0;
  for await (const some of dataset.lengths()) {
    for (const tokens of some) {
      const row = Math.floor(example / perRow);
      lengths[row] = (lengths[row] ?? 0) + tokens;
      example += 1;
    }
  }
  await inTurns(lengths.length, (row) => {
    const tokens = lengths[row] ?? 0;
    counts.set(tokens, (counts.get(tokens) ?? 0) + 1);
  });
  const classes = [...counts].sort(([one], [other]) => one - other).map(([tokens, rows]) => ({ tokens, rows }));
  const order = await sorted(lengths, classes);
  const table = Int32Array.from([
    lengths.length,
    classes.length,
    ...classes.flatMap(({ tokens, rows }) => [tokens, rows]),
  ]);
  return { hash: await artifacts.put(Buffer.concat([MAGIC, bytesOf(table), bytesOf(order)])), classes };
}

/** Counting sort. */
async function sorted(lengths: Int32Array, classes: readonly LengthClass[]): Promise<Int32Array> {
  const next = new Map<number, number>();
  let end = 0;
  for (const { tokens, rows } of classes) {
    next.set(tokens, end);
    end += rows;
  }
  const order = new Int32Array(lengths.length);
  await inTurns(lengths.length, (row) => {
    const tokens = lengths[row] ?? 0;
    const at = next.get(tokens) ?? 0;
    order[at] = row;
    next.set(tokens, at + 1);
  });
  return order;
}

/** Whoever shares the thread is let in between. */
async function inTurns(count: number, work: (index: number) => void): Promise<void> {
  for (let index = 0; index < count; index++) {
    work(index);
    if (index % ROWS_A_TURN === ROWS_A_TURN - 1) await nextTurn();
  }
}

export interface LengthOrder {
  readonly classes: readonly LengthClass[];
  /** Numbers of the rows at these ranks. */
  rows(ranks: readonly number[]): Promise<number[]>;
}

/** Of ten million rows and more each number is read where it stands. */
const MAX_CACHED_BYTES = 64 * 1_024 * 1_024;
const openWhole = cachedArtifacts(MAX_CACHED_BYTES, (bytes) => bytes);
const openClasses = new WeakMap<Artifacts, Map<string, Promise<LengthClass[]>>>();

export async function openLengthOrder(artifacts: Artifacts, hash: string): Promise<LengthOrder> {
  const known = openClasses.get(artifacts) ?? new Map<string, Promise<LengthClass[]>>();
  openClasses.set(artifacts, known);
  const reading = known.get(hash) ?? readClasses(artifacts, hash);
  known.set(hash, reading);
  const classes = await reading.catch((error: unknown) => {
    known.delete(hash);
    throw error;
  });
  const start = HEAD_BYTES + 2 * WORD * classes.length;
  const all = classes.reduce((sum, { rows }) => sum + rows, 0);
  const whole = start + all * WORD <= MAX_CACHED_BYTES;
  return {
    classes,
    async rows(ranks) {
      if (whole) {
        const bytes = await openWhole(artifacts, hash);
        return ranks.map((rank) => bytes.readInt32LE(start + rank * WORD));
      }
      const read = (rank: number): Promise<Buffer> =>
        artifacts.read(hash, { offset: start + rank * WORD, length: WORD });
      return Promise.all(ranks.map(async (rank) => (await read(rank)).readInt32LE(0)));
    },
  };
}

async function readClasses(artifacts: Artifacts, hash: string): Promise<LengthClass[]> {
  const head = await artifacts.read(hash, { offset: 0, length: HEAD_BYTES });
  if (!head.subarray(0, MAGIC.length).equals(MAGIC)) {
    throw new PawlError('InvalidRequest', 'The order of the rows by length is damaged: submit the run anew.');
  }
  const count = head.readInt32LE(MAGIC.length + WORD);
  const table = await artifacts.read(hash, { offset: HEAD_BYTES, length: 2 * WORD * count });
  return Array.from({ length: count }, (_, index) => ({
    tokens: table.readInt32LE(2 * WORD * index),
    rows: table.readInt32LE(2 * WORD * index + WORD),
  }));
}

function bytesOf(words: Int32Array): Uint8Array {
  return new Uint8Array(words.buffer, words.byteOffset, words.byteLength);
}
