/**
 * The bytes of a part of a dataset, all little-endian 32-bit: eight bytes of magic, the number of examples, where each
 * begins (counted in words after this table) and where the last ends, then the examples. An example is how many tokens and
 * how many borders of trained pieces it has, a checksum of all its other words, these borders (start and end of each
 * piece within the example), and its tokens. So one example is read, and proven, without the rest of its part.
 */
import { endianness } from 'node:os';
import { crc32 } from 'node:zlib';
import { PawlError } from '../../domain/words/failures-of-calls.ts';

const MAGIC = Buffer.from('PAWLPRT3', 'latin1');
const WORD = 4;
const TABLE_START = MAGIC.length + WORD;
/** Lengths and checksum. */
export const HEAD_WORDS = 3;

export interface Example {
  readonly tokens: Int32Array;
  /**
   * Start and end of each piece that is trained on, in order; the first token, which nothing predicts, is in none. A number
   * that is left over at the end is the row's label, 1 or 0.
   */
  readonly trained: Int32Array;
}

/** An example's words. */
export function encodeExample(tokens: readonly number[], trained: readonly number[]): Int32Array {
  const words = new Int32Array(HEAD_WORDS + trained.length + tokens.length);
  words[0] = tokens.length;
  words[1] = trained.length;
  words.set(trained, HEAD_WORDS);
  words.set(tokens, HEAD_WORDS + trained.length);
  words[2] = checksum(words);
  return words;
}

/** `examples`: words of whole examples in a row, in pieces; `sizes`: how many words each example has. */
export function encodePart(examples: readonly Uint8Array[], sizes: readonly number[]): Buffer {
  requireLittleEndian();
  const table = new Int32Array(sizes.length + 2);
  table[0] = sizes.length;
  for (const [index, size] of sizes.entries()) table[index + 2] = (table[index + 1] ?? 0) + size;
  return Buffer.concat([MAGIC, bytesOf(table), ...examples]);
}

/** Reads `length` bytes from `offset` of a part. */
export type ReadRange = (offset: number, length: number) => Buffer | Promise<Buffer>;

/** One example of a part that has `examples`. */
export async function readExample(read: ReadRange, examples: number, index: number): Promise<Example> {
  const [from = 0, to = 0] = wordsOf(await read(TABLE_START + index * WORD, 2 * WORD));
  return decodeExample(wordsOf(await read(firstExample(examples) + from * WORD, (to - from) * WORD)));
}

/** How many words each example of a part has. */
export async function readSizes(read: ReadRange, examples: number): Promise<number[]> {
  const ends = wordsOf(await read(TABLE_START, (examples + 1) * WORD));
  return Array.from({ length: examples }, (_, index) => (ends[index + 1] ?? 0) - (ends[index] ?? 0));
}

/** How many tokens each example of a part has, in order. */
export function* exampleLengths(bytes: Buffer): Generator<number> {
  const { table, words } = partOf(bytes);
  for (const start of table.subarray(0, -1)) yield words[start] ?? 0;
}

/** All examples of a part, in order. */
export function* decodePart(bytes: Buffer): Generator<Example> {
  const { examples, table, words } = partOf(bytes);
  for (let index = 0; index < examples; index++) yield decodeExample(words.subarray(table[index], table[index + 1]));
}

/** `table`: where each example begins among the words, and where the last ends. */
function partOf(bytes: Buffer): { examples: number; table: Int32Array; words: Int32Array } {
  requireLittleEndian();
  if (!bytes.subarray(0, MAGIC.length).equals(MAGIC)) throw damaged();
  const [examples = 0] = wordsOf(bytes.subarray(MAGIC.length, TABLE_START));
  const start = firstExample(examples);
  return { examples, table: wordsOf(bytes.subarray(TABLE_START, start)), words: wordsOf(bytes.subarray(start)) };
}

function decodeExample(words: Int32Array): Example {
  const [tokens = -1, trained = -1, sum] = words;
  if (words.length !== HEAD_WORDS + tokens + trained || checksum(words) !== sum) throw damaged();
  return {
    trained: words.subarray(HEAD_WORDS, HEAD_WORDS + trained),
    tokens: words.subarray(HEAD_WORDS + trained),
  };
}

function firstExample(examples: number): number {
  return TABLE_START + (examples + 1) * WORD;
}

function checksum(words: Int32Array): number {
  return crc32(bytesOf(words.subarray(HEAD_WORDS)), crc32(bytesOf(words.subarray(0, 2)))) | 0;
}

function bytesOf(words: Int32Array): Uint8Array {
  return new Uint8Array(words.buffer, words.byteOffset, words.byteLength);
}

/** Views need an aligned start, which a buffer does not promise. */
function wordsOf(bytes: Uint8Array): Int32Array {
  const aligned = bytes.byteOffset % WORD === 0 ? bytes : Uint8Array.from(bytes);
  return new Int32Array(aligned.buffer, aligned.byteOffset, Math.floor(aligned.byteLength / WORD));
}

function damaged(): PawlError {
  return new PawlError(
    'InvalidRequest',
    'A part of the tokenized dataset is damaged: remove it and submit the run anew.',
  );
}

export function requireLittleEndian(): void {
  if (endianness() === 'LE') return;
  throw new PawlError('InvalidRequest', 'pawl needs a little-endian machine for its datasets.');
}
