/** Rows of a Parquet file as lines of JSON, some at a time: what `datasets` of Python makes of the same file. */
import { open, type FileHandle } from 'node:fs/promises';
import { parquetMetadataAsync, parquetReadObjects, parquetSchema, type FileMetaData } from 'hyparquet';
import { compressors } from 'hyparquet-compressors';
import { PawlError } from '../../../domain/words/failures-of-calls.ts';
import { jsonWriter } from './parquet-json.ts';

/** Of one group of rows, decompressed: what a thread has room for. */
const MAX_GROUP_BYTES = 512 * 1024 * 1024;
const ROWS_AT_ONCE = 1_000;

export async function* jsonOfParquet(path: string): AsyncGenerator<Buffer> {
  const handle = await open(path);
  try {
    yield* rowsOf(path, await bufferOf(handle));
  } catch (cause) {
    if (cause instanceof PawlError) throw cause;
    const why = cause instanceof Error ? cause.message : String(cause);
    throw new PawlError('InvalidRequest', `${path} cannot be read as Parquet (${why}): ${remedy(path)}.`, { cause });
  } finally {
    await handle.close();
  }
}

function remedy(path: string): string {
  return (
    'fetch it anew, or make JSONL of it (' +
    `python3 -c "import pandas; pandas.read_parquet('${path}').to_json('OUT.jsonl', orient='records', lines=True)")`
  );
}

type Source = Awaited<ReturnType<typeof bufferOf>>;

async function* rowsOf(path: string, file: Source): AsyncGenerator<Buffer> {
  const metadata = await parquetMetadataAsync(file);
  const write = jsonWriter(parquetSchema(metadata));
  let row = 0;
  for (const { start, end } of groupsOf(path, metadata)) {
    const rows = await parquetReadObjects({
      file,
      metadata,
      rowStart: start,
      rowEnd: end,
      compressors,
      parsers: PARSERS,
    });
    for (let from = 0; from < rows.length; from += ROWS_AT_ONCE) {
      const lines = rows.slice(from, from + ROWS_AT_ONCE).map((one) => {
        row += 1;
        return `${written(write, one, `${path}:${row}`)}\n`;
      });
      yield Buffer.from(lines.join(''));
    }
  }
}

function written(write: (row: unknown) => string, row: unknown, place: string): string {
  try {
    return write(row);
  } catch (cause) {
    throw new PawlError('InvalidRequest', `${place}: ${cause instanceof Error ? cause.message : String(cause)}`, {
      cause,
    });
  }
}

function* groupsOf(path: string, { row_groups: groups }: FileMetaData): Generator<{ start: number; end: number }> {
  let start = 0;
  for (const { num_rows: rows, total_byte_size: bytes } of groups) {
    if (Number(bytes) > MAX_GROUP_BYTES) {
      const size = `${Math.round(Number(bytes) / 1e6)} MB`;
      throw new PawlError(
        'InvalidRequest',
        `${path}: a group of ${rows} rows has ${size}, more than is read at once: write it with smaller ones ` +
          `(python3 -c "import pandas; pandas.read_parquet('${path}').to_parquet('OUT.parquet', row_group_size=1000)").`,
      );
    }
    yield { start, end: start + Number(rows) };
    start += Number(rows);
  }
}

async function bufferOf(
  handle: FileHandle,
): Promise<{ byteLength: number; slice(from: number, to?: number): Promise<ArrayBuffer> }> {
  const { size } = await handle.stat();
  return {
    byteLength: size,
    async slice(from, to = size) {
      const bytes = Buffer.alloc(to - from);
      const { bytesRead } = await handle.read(bytes, 0, bytes.length, from);
      if (bytesRead < bytes.length) throw new RangeError('the file ends early');
      return bytes.buffer;
    },
  };
}

/** Fails where bytes are no text, which a decoder of another kind would read as question marks. */
const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });
const text = (bytes: Uint8Array | undefined): string | undefined => bytes && decoder.decode(bytes);

const PARSERS = {
  stringFromBytes: text,
  // As it stands: its numbers are its own.
  jsonFromBytes: text,
  timestampFromMilliseconds: (millis: bigint): string => new Date(Number(millis)).toISOString(),
  timestampFromMicroseconds: (micros: bigint): string => new Date(Number(micros / 1_000n)).toISOString(),
  timestampFromNanoseconds: (nanos: bigint): string => new Date(Number(nanos / 1_000_000n)).toISOString(),
  dateFromDays: (days: number): string => new Date(days * 86_400_000).toISOString().slice(0, 'YYYY-MM-DD'.length),
};
