/** Rows of a file of data, one at a time, each checked; a bad one is an error that names file, line and remedy. */
import { access, constants, stat } from 'node:fs/promises';
import type { z } from 'zod';
import { PawlError } from '../../domain/words/failures-of-calls.ts';
import { parseExactly } from './exact-json.ts';
import { jsonlOf } from './formats/jsonl-of.ts';
import { textOf } from './text-of.ts';

export interface JsonlFormat<Row> {
  /** The spec's field that names the file, e.g. `data.train`. */
  readonly field: string;
  readonly schema: z.ZodType<Row>;
  /** What a row looks like, e.g. `{"prompt": "…", "completion": "…"}`. */
  readonly example: string;
}

export interface JsonlRow<Row> {
  readonly row: Row;
  /** For messages: `train.jsonl:12`. */
  readonly place: string;
}

/** Empty lines are skipped. */
export async function* readJsonl<Row>(
  path: string,
  format: JsonlFormat<Row>,
  signal?: AbortSignal,
): AsyncGenerator<JsonlRow<Row>> {
  await requireFile(path, format.field);
  let number = 0;
  for await (const line of readLines(path)) {
    signal?.throwIfAborted();
    number += 1;
    const place = `${path}:${number}`;
    const whole = textOf(line, place);
    const text = number === 1 ? whole.replace(/^\uFEFF/, '') : whole;
    if (text.trim() === '') continue;
    yield { row: parseRow(text, place, format), place };
  }
}

const LF = 10;

/** Only LF ends a line: other separators, which `readline` also splits at, may stand inside a JSON string. */
async function* readLines(path: string): AsyncGenerator<Buffer> {
  let pieces: Buffer[] = [];
  for await (const chunk of jsonlOf(path)) {
    let from = 0;
    for (let end = chunk.indexOf(LF); end !== -1; end = chunk.indexOf(LF, from)) {
      yield Buffer.concat([...pieces, chunk.subarray(from, end)]);
      pieces = [];
      from = end + 1;
    }
    pieces.push(chunk.subarray(from));
  }
  yield Buffer.concat(pieces);
}

/** A row that cannot be used, in the words of the person who has to mend it. */
export function badRow(place: string, problem: string): PawlError {
  return new PawlError('InvalidRequest', `${place}: ${problem}`);
}

export async function requireFile(path: string, field: string): Promise<void> {
  const found = await stat(path).catch(() => undefined);
  if (found?.isFile() !== true) {
    throw new PawlError('InvalidRequest', `${field}: there is no file ${path}; create it or correct the path.`);
  }
  await access(path, constants.R_OK).catch((cause: unknown) => {
    throw new PawlError('InvalidRequest', `${field}: ${path} may not be read; change its permissions.`, { cause });
  });
}

export function parseRow<Row>(text: string, place: string, { schema, example }: JsonlFormat<Row>): Row {
  let value: unknown;
  try {
    value = parseExactly(text);
  } catch {
    throw badRow(place, `not JSON; expected one ${example} per line`);
  }
  const parsed = schema.safeParse(value);
  if (parsed.success) return parsed.data;
  const [issue] = parsed.error.issues;
  const where = issue === undefined || issue.path.length === 0 ? '' : `${issue.path.join('.')}: `;
  throw badRow(place, `${where}${issue?.message ?? 'wrong'}; expected ${example}`);
}
