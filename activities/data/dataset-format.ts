/**
 * The bytes of a tokenized dataset: eight bytes of magic, the header's length, the header as JSON padded with spaces to
 * a multiple of four, then little-endian int32s: the offset of each example and of the end, the length of each prompt,
 * and all tokens in a row. Reading is four views, not a parse.
 */
import { endianness } from 'node:os';
import { z } from 'zod';
import { PawlError } from '../errors.ts';

const MAGIC = 'PAWLSFT1';
const PREFIX_BYTES = MAGIC.length + 4;

interface Example {
  readonly tokens: Int32Array;
  readonly promptLength: number;
}

const Header = z.object({
  tokenizer: z.string(),
  maxTokens: z.number().int(),
  endTokens: z.array(z.number().int()),
  examples: z.number().int().positive(),
  dropped: z.number().int(),
  tokens: z.number().int().positive(),
  maxExampleTokens: z.number().int().positive(),
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
  columns: { offsets: Int32Array; promptLengths: Int32Array; tokens: Int32Array },
): Buffer {
  requireLittleEndian();
  const json = Buffer.from(JSON.stringify(header));
  const padded = Buffer.concat([json, Buffer.alloc((4 - (json.length % 4)) % 4, ' ')]);
  const prefix = Buffer.alloc(PREFIX_BYTES);
  prefix.write(MAGIC, 'latin1');
  prefix.writeInt32LE(padded.length, MAGIC.length);
  const { offsets, promptLengths, tokens } = columns;
  return Buffer.concat([prefix, padded, bytesOf(offsets), bytesOf(promptLengths), bytesOf(tokens)]);
}

export function decodeDataset(bytes: Uint8Array): Dataset {
  requireLittleEndian();
  // Views need an aligned start, which a file read into a pooled buffer does not promise.
  const aligned = Buffer.from(Uint8Array.from(bytes).buffer);
  if (aligned.toString('latin1', 0, MAGIC.length) !== MAGIC) {
    throw new PawlError(
      'InvalidRequest',
      'This artifact is not a tokenized dataset of this version: submit the run anew.',
    );
  }
  const headerBytes = aligned.readInt32LE(MAGIC.length);
  const start = PREFIX_BYTES + headerBytes;
  const header = Header.parse(JSON.parse(aligned.toString('utf8', PREFIX_BYTES, start)));
  const column = (from: number, length: number) => new Int32Array(aligned.buffer, start + from * 4, length);
  const offsets = column(0, header.examples + 1);
  const promptLengths = column(header.examples + 1, header.examples);
  const tokens = column(2 * header.examples + 1, header.tokens);
  return {
    header,
    examples: header.examples,
    example(index) {
      const from = offsets[index];
      const to = offsets[index + 1];
      const promptLength = promptLengths[index];
      if (from === undefined || to === undefined || promptLength === undefined) {
        throw new RangeError(`example ${index} of ${header.examples}`);
      }
      return { tokens: tokens.subarray(from, to), promptLength };
    },
  };
}

function bytesOf(column: Int32Array): Uint8Array {
  return new Uint8Array(column.buffer, column.byteOffset, column.byteLength);
}

function requireLittleEndian(): void {
  if (endianness() !== 'LE')
    throw new PawlError('InvalidRequest', 'pawl needs a little-endian machine for its datasets.');
}
