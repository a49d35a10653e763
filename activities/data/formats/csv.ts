/** Rows of a table of comma- or tab-separated values, as lines of JSON: every value is a text, named by the first row. */
import { isUtf8 } from 'node:buffer';
import { Readable, pipeline } from 'node:stream';
import { CsvError, parse } from 'csv-parse';
import { PawlError } from '../../../domain/words/failures-of-calls.ts';
import { textOf } from '../text-of.ts';

export async function* jsonOfCsv(
  path: string,
  bytes: AsyncIterable<Buffer>,
  delimiter: ',' | '\t',
): AsyncGenerator<Buffer> {
  const records = parse({
    delimiter,
    columns: (names: string[]) => distinct(path, names),
    bom: true,
    skip_empty_lines: true,
  });
  // What goes wrong before it is its error, too.
  pipeline(Readable.from(wholeText(path, bytes)), records, () => undefined);
  try {
    for await (const record of records as AsyncIterable<Record<string, string>>) {
      yield Buffer.from(`${JSON.stringify(record)}\n`);
    }
  } catch (cause) {
    if (!(cause instanceof CsvError)) throw cause;
    throw new PawlError('InvalidRequest', `${path} is no table that can be read: ${cause.message}; mend it.`, {
      cause,
    });
  }
}

/** Two columns of one name would be one. */
function distinct(path: string, names: readonly string[]): string[] {
  const twice = names.find((name, at) => names.indexOf(name) !== at);
  if (twice === undefined) return [...names];
  throw new PawlError(
    'InvalidRequest',
    `${path}: two columns are called ${JSON.stringify(twice)}; rename one of them.`,
  );
}

const LF = 10;

/** Whole lines, each looked at: what is no text would be read as question marks. */
async function* wholeText(path: string, bytes: AsyncIterable<Buffer>): AsyncGenerator<string> {
  let rest = Buffer.alloc(0);
  let lines = 0;
  const checked = (text: Buffer): string => {
    if (!isUtf8(text) || text.includes(0)) requireText(path, text, lines);
    for (const byte of text) if (byte === LF) lines += 1;
    return text.toString('utf8');
  };
  for await (const chunk of bytes) {
    const end = chunk.lastIndexOf(LF) + 1;
    if (end === 0) {
      rest = Buffer.concat([rest, chunk]);
      continue;
    }
    yield checked(Buffer.concat([rest, chunk.subarray(0, end)]));
    rest = Buffer.from(chunk.subarray(end));
  }
  yield checked(rest);
}

function requireText(path: string, text: Buffer, before: number): void {
  let from = 0;
  for (let line = before + 1; from <= text.length; line += 1) {
    const end = text.indexOf(LF, from);
    textOf(text.subarray(from, end === -1 ? text.length : end), `${path}:${line}`);
    if (end === -1) return;
    from = end + 1;
  }
}
