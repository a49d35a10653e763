/** What a file of data is, by its name and its first bytes; what is not read is refused with the command that converts it. */
import { open } from 'node:fs/promises';
import { PawlError } from '../../../domain/words/failures-of-calls.ts';

export interface FileKind {
  readonly compression?: 'gzip' | 'zstd';
  readonly rows: 'jsonl' | 'csv' | 'tsv' | 'parquet';
}

/** Bytes that lines of JSON are not made from, or not only. */
export function isPlain({ compression, rows }: FileKind): boolean {
  return compression === undefined && rows === 'jsonl';
}

export async function kindOf(path: string): Promise<FileKind> {
  const start = await firstBytes(path);
  const compression = startsWith(start, [0x1f, 0x8b])
    ? 'gzip'
    : startsWith(start, [0x28, 0xb5, 0x2f, 0xfd])
      ? 'zstd'
      : undefined;
  if (compression !== undefined) return { compression, rows: rowsOf(path.replace(/\.\w+$/, '')) };
  if (isText(start, 'PAR1')) return { rows: 'parquet' };
  const other = OTHERS.find(({ magic }) =>
    typeof magic === 'string' ? isText(start, magic) : startsWith(start, magic),
  );
  if (other !== undefined) throw refused(path, other);
  const rows = rowsOf(path);
  if (rows === 'jsonl' && /^(?:\ufeff)?\s*\[\s*[{\]]/.test(start.toString('utf8'))) throw refused(path, JSON_ARRAY);
  return { rows };
}

function rowsOf(name: string): 'jsonl' | 'csv' | 'tsv' {
  if (/\.csv$/i.test(name)) return 'csv';
  return /\.tsv$/i.test(name) ? 'tsv' : 'jsonl';
}

interface Other {
  readonly magic: string | readonly number[];
  readonly what: string;
  /** FILE and OUT.jsonl stand for the two names. */
  readonly command: string;
}

const pandas = (read: string): string =>
  `python3 -c "import pandas; pandas.${read}.to_json('OUT.jsonl', orient='records', lines=True)"`;

const JSON_ARRAY: Other = { magic: '[', what: 'one JSON array', command: "jq -c '.[]' FILE > OUT.jsonl" };
const OTHERS: readonly Other[] = [
  { magic: 'ARROW1', what: 'Arrow', command: pandas("read_feather('FILE')") },
  {
    magic: [0xff, 0xff, 0xff, 0xff],
    what: 'a stream of Arrow',
    command: `python3 -c "from datasets import Dataset; Dataset.from_file('FILE').to_json('OUT.jsonl')"`,
  },
  {
    magic: 'PK\x03\x04',
    what: 'a ZIP archive, or a workbook',
    command: `unzip FILE, or for a workbook ${pandas("read_excel('FILE')")}`,
  },
  { magic: 'BZh', what: 'compressed by bzip2', command: 'bunzip2 FILE' },
  { magic: [0xfd, 0x37, 0x7a, 0x58, 0x5a], what: 'compressed by xz', command: 'unxz FILE' },
  { magic: 'ORC', what: 'ORC', command: pandas("read_orc('FILE')") },
  { magic: 'Obj\x01', what: 'Avro', command: 'avro-tools tojson FILE > OUT.jsonl' },
  {
    magic: 'SQLite format 3',
    what: 'a database of SQLite',
    command: `sqlite3 FILE -csv -header "SELECT … FROM …" > OUT.csv`,
  },
  {
    magic: 'version https://git-lfs',
    what: 'a pointer of Git LFS; the file itself was not fetched',
    command: 'git lfs pull',
  },
];

function refused(path: string, { what, command }: Other): PawlError {
  const told = command.replaceAll('FILE', path);
  return new PawlError('InvalidRequest', `${path} is ${what}, which is not read: make JSONL of it (${told}).`);
}

const FIRST = 512;

async function firstBytes(path: string): Promise<Buffer> {
  const file = await open(path).catch((cause: unknown) => {
    throw new PawlError('InvalidRequest', `${path} could not be read: correct the path, or its permissions.`, {
      cause,
    });
  });
  try {
    const { buffer, bytesRead } = await file.read(Buffer.alloc(FIRST), 0, FIRST, 0);
    return buffer.subarray(0, bytesRead);
  } finally {
    await file.close();
  }
}

const startsWith = (bytes: Buffer, magic: readonly number[]): boolean => magic.every((byte, at) => bytes[at] === byte);
const isText = (bytes: Buffer, magic: string): boolean => bytes.toString('latin1', 0, magic.length) === magic;
