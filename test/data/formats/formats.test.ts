/** Files of data in every form that is read, beside what Python's `datasets` makes of them (`record.py`). */
import { readFileSync, readdirSync } from 'node:fs';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { describe, expect, test } from '@jest/globals';
import { jsonlOf } from '../../../activities/data/formats/jsonl-of.ts';
import { importDataset } from '../../../activities/data/import-dataset.ts';
import { importPromptSet } from '../../../activities/data/prompt-set.ts';
import { loadTokenizer } from '../../../activities/data/tokenizer.ts';
import { openArtifacts } from '../../../store/artifacts/artifacts.ts';
import { testPool } from '../../compute/pool.ts';
import { newFolder, writeTokenizer } from '../fixtures.ts';
import { failureOf } from '../../user-code/support.ts';

const compute = testPool();

async function textOf(path: string): Promise<string> {
  const pieces: Buffer[] = [];
  for await (const piece of jsonlOf(path)) pieces.push(piece);
  return Buffer.concat(pieces).toString('utf8');
}

async function written(name: string, bytes: Buffer | string): Promise<string> {
  const path = join(await newFolder(), name);
  await writeFile(path, bytes);
  return path;
}

const expected = readFileSync(join(__dirname, 'expected.jsonl'), 'utf8');
const recorded = readdirSync(__dirname).filter((name) => /\.(?:parquet|gz|zst)$/.test(name));

test.each(recorded)('%s has the rows that Python finds in it', async (name) => {
  const text = await textOf(join(__dirname, name));
  expect(text.split('\n').map(numbered)).toEqual(expected.split('\n').map(numbered));
});

/** With its numbers as they are spelled, 1.0 apart from 1, but for 1e-05 and 0.00001. */
function numbered(line: string): unknown {
  if (line === '') return line;
  const marked = line.replaceAll(/(?<=[:[,] ?)-?\d[\d.eE+-]*(?=[,}\]])/g, (number) =>
    JSON.stringify(/[.eE]/.test(number) ? `float ${Number(number)}` : `int ${BigInt(number)}`),
  );
  return JSON.parse(marked);
}

test('as many recorded files as there should be', () => {
  expect(recorded).toHaveLength(7);
});

describe('a table of comma-separated values', () => {
  test('has texts, named by its first row', async () => {
    const csv = '\ufeffprompt,completion,n\r\n"a ""b""\nc",é,1.0\r\n,  x ,\r\n';
    expect(await textOf(await written('rows.csv', csv))).toBe(
      '{"prompt":"a \\"b\\"\\nc","completion":"é","n":"1.0"}\n{"prompt":"","completion":"  x ","n":""}\n',
    );
    expect(await textOf(await written('rows.tsv.gz', gzipSync('a\tb\n1,2\t3\n')))).toBe('{"a":"1,2","b":"3"}\n');
  });

  test.each([
    ['with a row of other length', 'a,b\n1,2\n1,2,3\n', 'rows.csv is no table that can be read: Invalid Record Length'],
    ['with a quote that is not closed', 'a,b\n"1,2\n', 'rows.csv is no table that can be read: Quote Not Closed'],
    ['with two columns of one name', 'a,a\n1,2\n', 'rows.csv: two columns are called "a"; rename one of them.'],
    [
      'in another encoding',
      Buffer.from('a,b\n1,2\n1,caf\xe9\n', 'latin1'),
      'rows.csv:3:6: not UTF-8 (byte 0xe9): the file seems to be Latin-1',
    ],
  ])('%s is refused', async (_, bytes, message) => {
    const error = await failureOf(textOf(await written('rows.csv', bytes)));
    expect(error.message).toContain(message);
    expect(error).toMatchObject({ type: 'InvalidRequest' });
  });
});

describe('what is not read is refused by name, with the command that converts it', () => {
  test.each([
    [
      'rows.json',
      '[{"prompt": "a"}]',
      /rows\.json is one JSON array, which is not read: make JSONL of it \(jq -c '\.\[\]' .*rows\.json > OUT\.jsonl\)\.$/,
    ],
    ['rows.arrow', 'ARROW1\0\0', /is Arrow, .*pandas\.read_feather/],
    ['rows.jsonl.xz', Buffer.from('fd377a585a0000', 'hex'), /is compressed by xz, .*unxz/],
    ['rows.jsonl.bz2', 'BZh91AY', /is compressed by bzip2, .*bunzip2/],
    ['rows.xlsx', 'PK\x03\x04', /is a ZIP archive, or a workbook, .*read_excel/],
    ['rows.jsonl', 'version https://git-lfs.github.com/spec/v1', /is a pointer of Git LFS.*git lfs pull/],
    [
      'rows.parquet',
      'PAR1 and no more',
      /rows\.parquet cannot be read as Parquet \(.*\): fetch it anew, or make JSONL of it/,
    ],
    [
      'rows.jsonl.gz',
      gzipSync('{"a": 1}\n').subarray(0, 20),
      /cannot be decompressed as gzip \(.*unexpected end of file\)/,
    ],
    ['rows.jsonl.zst', Buffer.from('28b52ffd0458', 'hex'), /cannot be decompressed as zstd/],
  ])('%s', async (name, bytes, message) => {
    const error = await failureOf(textOf(await written(name, bytes)));
    expect(error.message).toMatch(message);
    expect(error).toMatchObject({ type: 'InvalidRequest' });
  });
});

describe('training data in other forms', () => {
  const rows = Array.from({ length: 300 }, (_, index) => ({ prompt: 'a '.repeat(1 + (index % 5)), completion: 'B' }));
  const text = rows.map((row) => `${JSON.stringify(row)}\n`).join('');

  test('is the same data, and the same artifact', async () => {
    const folder = await newFolder();
    const artifacts = openArtifacts(join(folder, 'artifacts'));
    const chat = { tokenizer: await writeTokenizer(folder) };
    const files = {
      'rows.jsonl': text,
      'rows.jsonl.gz': gzipSync(text),
      'rows.csv': `prompt,completion\n${rows.map((row) => `${row.prompt},${row.completion}\n`).join('')}`,
    };
    const made = [];
    for (const [name, bytes] of Object.entries(files)) {
      const path = join(folder, name);
      await writeFile(path, bytes);
      made.push(await importDataset({ artifacts, compute }, { train: path, chat, maxTokens: 8, rangeBytes: 1_000 }));
    }
    expect(made[0]?.examples).toBe(300);
    expect(made).toEqual([made[0], made[0], made[0]]);
    expect(readdirSync(artifacts.location).filter((name) => name.startsWith('unpacked'))).toEqual([]);
  });

  test('is told by its own name and the number of its row', async () => {
    const folder = await newFolder();
    const artifacts = openArtifacts(join(folder, 'artifacts'));
    const chat = { tokenizer: await writeTokenizer(folder) };
    const train = join(folder, 'rows.jsonl.gz');
    await writeFile(train, gzipSync(`${text}{"prompt": "a"}\n${text}`));
    await expect(
      importDataset({ artifacts, compute }, { train, chat, maxTokens: 8, rangeBytes: 1_000 }),
    ).rejects.toThrow(`${train}:301: completion:`);
    expect(readdirSync(artifacts.location).filter((name) => name.startsWith('unpacked'))).toEqual([]);
  });

  test('of two kinds in one folder has to be named', async () => {
    const folder = await newFolder();
    await mkdir(join(folder, 'parts'));
    for (const name of ['a.jsonl', 'b.jsonl.gz', 'c.csv']) await writeFile(join(folder, 'parts', name), text);
    const chat = { tokenizer: await writeTokenizer(folder) };
    const ports = { artifacts: openArtifacts(join(folder, 'artifacts')), compute };
    await expect(importDataset(ports, { train: join(folder, 'parts'), chat, maxTokens: 8 })).rejects.toThrow(
      'has files of several kinds (a.jsonl, c.csv); name those that are meant.',
    );
  });
});

test('prompts may be compressed, too', async () => {
  const folder = await newFolder();
  const file = await writeTokenizer(folder);
  const tokenizer = await loadTokenizer(file);
  const options = { tokenizer, chat: { tokenizer: file, remedy: '' }, maxTokens: 9 };
  const text = '{"prompt": "a b", "reference": "A"}\n';
  const artifacts = openArtifacts(join(folder, 'artifacts'));
  const [plain, gzip] = [join(folder, 'p.jsonl'), join(folder, 'p.jsonl.gz')];
  await writeFile(plain, text);
  await writeFile(gzip, gzipSync(text));
  expect(await importPromptSet(artifacts, { ...options, path: gzip })).toEqual(
    await importPromptSet(artifacts, { ...options, path: plain }),
  );
});
