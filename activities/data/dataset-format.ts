/**
 * The bytes of a tokenized dataset: eight bytes of magic, the header's length, the header as JSON padded with spaces to
 * a multiple of four, then little-endian int32s: the offset of each example's tokens and of the end, the same of its
 * trained pieces, these pieces (start and end within their example), and all tokens in a row. Reading is five views, not
 * a parse. Version 1, which is still read, has one piece per example: what follows the prompt, whose length it gives.
 */
import { endianness } from 'node:os';
import { z } from 'zod';
import { PawlError } from '../../domain/words/failures-of-calls.ts';

const MAGIC = 'PAWLSFT2';
const MAGIC_1 = 'PAWLSFT1';
const PREFIX_BYTES = MAGIC.length + 4;

interface Example {
  readonly tokens: Int32Array;
  /** Start and end of each piece that is trained on, in order; the first token, which nothing predicts, is in none. */
  readonly trained: Int32Array;
}

const Header = z.object({
  tokenizer: z.string(),
  maxTokens: z.number().int(),
  endTokens: z.array(z.number().int()),
  examples: z.number().int().positive(),
  dropped: z.number().int(),
  tokens: z.number().int().positive(),
  maxExampleTokens: z.number().int().positive(),
  /** sha256 of the chat template that conversations were rendered with. */
  chatTemplate: z.string().optional(),
  trainOn: z.string().optional(),
  /** The day that the chat template was told, where it asks. */
  date: z.string().optional(),
});
export type DatasetHeader = z.output<typeof Header>;

/** A dataset in memory, with random access. */
export interface Dataset {
  readonly header: DatasetHeader;
  readonly examples: number;
  example(index: number): Example;
}

export function encodeDataset(
  header: DatasetHeader,
  columns: { offsets: Int32Array; trainedOffsets: Int32Array; trained: Int32Array; tokens: Int32Array },
): Buffer {
  requireLittleEndian();
  const json = Buffer.from(JSON.stringify(header));
  const padded = Buffer.concat([json, Buffer.alloc((4 - (json.length % 4)) % 4, ' ')]);
  const prefix = Buffer.alloc(PREFIX_BYTES);
  prefix.write(MAGIC, 'latin1');
  prefix.writeInt32LE(padded.length, MAGIC.length);
  const { offsets, trainedOffsets, trained, tokens } = columns;
  return Buffer.concat([prefix, padded, ...[offsets, trainedOffsets, trained, tokens].map(bytesOf)]);
}

export function decodeDataset(bytes: Uint8Array): Dataset {
  requireLittleEndian();
  // Views need an aligned start, which a file read into a pooled buffer does not promise.
  const aligned = Buffer.from(Uint8Array.from(bytes).buffer);
  const magic = aligned.toString('latin1', 0, MAGIC.length);
  if (magic !== MAGIC && magic !== MAGIC_1) {
    throw new PawlError(
      'InvalidRequest',
      'This artifact is not a tokenized dataset of this version: submit the run anew.',
    );
  }
  const headerBytes = aligned.readInt32LE(MAGIC.length);
  const start = PREFIX_BYTES + headerBytes;
  const header = Header.parse(JSON.parse(aligned.toString('utf8', PREFIX_BYTES, start)));
  const column = (from: number, length: number) => new Int32Array(aligned.buffer, start + from * 4, length);
  return magic === MAGIC ? readCurrent(header, column) : readVersion1(header, column);
}

type Column = (from: number, length: number) => Int32Array;

function readCurrent(header: DatasetHeader, column: Column): Dataset {
  const { examples } = header;
  const offsets = column(0, examples + 1);
  const trainedOffsets = column(examples + 1, examples + 1);
  const trained = column(2 * (examples + 1), trainedOffsets[examples] ?? 0);
  const tokens = column(2 * (examples + 1) + trained.length, header.tokens);
  return {
    header,
    examples,
    example: (index) => ({ tokens: slice(tokens, offsets, index), trained: slice(trained, trainedOffsets, index) }),
  };
}

function readVersion1(header: DatasetHeader, column: Column): Dataset {
  const { examples } = header;
  const offsets = column(0, examples + 1);
  const promptLengths = column(examples + 1, examples);
  const tokens = column(2 * examples + 1, header.tokens);
  return {
    header,
    examples,
    example(index) {
      const own = slice(tokens, offsets, index);
      return { tokens: own, trained: Int32Array.of(promptLengths[index] ?? 0, own.length) };
    },
  };
}

function slice(values: Int32Array, offsets: Int32Array, index: number): Int32Array {
  const from = offsets[index];
  const to = offsets[index + 1];
  if (from === undefined || to === undefined) throw new RangeError(`example ${index} of ${offsets.length - 1}`);
  return values.subarray(from, to);
}

function bytesOf(column: Int32Array): Uint8Array {
  return new Uint8Array(column.buffer, column.byteOffset, column.byteLength);
}

function requireLittleEndian(): void {
  if (endianness() !== 'LE')
    throw new PawlError('InvalidRequest', 'pawl needs a little-endian machine for its datasets.');
}
