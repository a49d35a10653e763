/** Any file of data as lines of JSON, in little memory. */
import { createWriteStream } from 'node:fs';
import { stat } from 'node:fs/promises';
import { pipeline } from 'node:stream/promises';
import type { TaskContext } from '../../compute/task.ts';
import { bytesOf } from './compressed.ts';
import { jsonOfCsv } from './csv.ts';
import { kindOf } from './kind.ts';
import { jsonOfParquet } from './parquet.ts';

/** Pieces that end anywhere. Where rows are not lines, each becomes one: its number is that of its line. */
export async function* jsonlOf(path: string): AsyncGenerator<Buffer> {
  const kind = await kindOf(path);
  if (kind.rows === 'parquet') yield* jsonOfParquet(path);
  else if (kind.rows === 'jsonl') yield* bytesOf(path, kind);
  else yield* jsonOfCsv(path, bytesOf(path, kind), kind.rows === 'csv' ? ',' : '\t');
}

const SAY_EVERY = 64 * 1024 * 1024;

/** Writes the lines to another file; says how many bytes are written. A task of the pool. */
export async function unpack(
  { path, to }: { path: string; to: string },
  { progress }: TaskContext<number>,
): Promise<number> {
  let told = 0;
  let written = 0;
  const counted = async function* (): AsyncGenerator<Buffer> {
    for await (const piece of jsonlOf(path)) {
      written += piece.length;
      if (written - told >= SAY_EVERY) progress((told = written));
      yield piece;
    }
  };
  await pipeline(counted(), createWriteStream(to));
  return (await stat(to)).size;
}
