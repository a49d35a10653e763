/** Rows as JSONL, of any number: none is held. */
import { createWriteStream } from 'node:fs';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';

export async function writeJsonl(path: string, count: number, row: (index: number) => object): Promise<void> {
  function* lines(): Generator<string> {
    for (let index = 0; index < count; index++) yield `${JSON.stringify(row(index))}\n`;
  }
  await pipeline(Readable.from(lines()), createWriteStream(path));
}
