import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { beforeEach, describe, expect, test } from '@jest/globals';
import { openArtifacts } from '../../store/artifacts/artifacts.ts';
import type { Artifacts } from '../../store/artifacts/artifacts.ts';
import { openDataset } from '../../activities/data/dataset.ts';
import { importDataset, type ImportPorts } from '../../activities/data/import-dataset.ts';
import { testPool } from '../compute/pool.ts';
import { importAndRead } from './import.ts';
import { newFolder, writeRows, writeText, writeTokenizer } from './fixtures.ts';

const compute = testPool();
let folder: string;
let artifacts: Artifacts;
let ports: ImportPorts;
let chat: { tokenizer: string };

beforeEach(async () => {
  folder = await newFolder();
  artifacts = openArtifacts(folder);
  chat = { tokenizer: await writeTokenizer(folder) };
  ports = { artifacts, compute };
});

const ROWS = [
  { prompt: 'a b ->', completion: 'A B' },
  { prompt: 'c ->', completion: 'C' },
  { prompt: 'a b c ->', completion: 'A B C', note: 'other fields are ignored' },
];

describe('a dataset', () => {
  test('is read back example by example', async () => {
    const path = await writeRows(folder, ROWS);
    const made = await importDataset(ports, { chat, train: path, maxTokens: 8, endToken: '<end>' });
    expect(made).toMatchObject({
      tokenizer: expect.stringMatching(/^[0-9a-f]{64}$/),
      hash: expect.stringMatching(/^[0-9a-f]{64}$/),
      examples: 3,
      dropped: 0,
      tokens: 18,
      maxExampleTokens: 8,
    });
    const dataset = await openDataset(artifacts, made.hash);
    expect(dataset.examples).toBe(3);
    expect(await dataset.read([0, 1, 2])).toEqual([
      { tokens: Int32Array.of(2, 3, 5, 6, 7, 1), trained: Int32Array.of(3, 6) },
      { tokens: Int32Array.of(4, 5, 8, 1), trained: Int32Array.of(2, 4) },
      { tokens: Int32Array.of(2, 3, 4, 5, 6, 7, 8, 1), trained: Int32Array.of(4, 8) },
    ]);
    await expect(dataset.read([3])).rejects.toThrow('example 3 of 3');
    await expect(dataset.read([-1])).rejects.toThrow(RangeError);
  });

  test('leaves out, and counts, examples longer than the limit, the end token included', async () => {
    const path = await writeRows(folder, ROWS);
    const made = await importDataset(ports, { chat, train: path, maxTokens: 5, endToken: '<end>' });
    expect(made).toMatchObject({ examples: 1, dropped: 2, maxExampleTokens: 4 });
    const without = await importDataset(ports, { chat, train: path, maxTokens: 5 });
    expect(without).toMatchObject({ examples: 2, dropped: 1, maxExampleTokens: 5 });
  });

  test('has the same hash for the same content, another one for other settings', async () => {
    const options = { maxTokens: 8, endToken: '<end>' };
    const { hash } = await importDataset(ports, { chat, ...options, train: await writeRows(folder, ROWS) });
    const spaced = `\uFEFF\n${ROWS.map((row) => JSON.stringify(row, null, 1).replaceAll('\n', ' ')).join('\r\n\r\n')}`;
    const again = await importDataset(ports, { chat, ...options, train: await writeText(folder, spaced) });
    expect(again.hash).toBe(hash);
    const other = await importDataset(ports, {
      chat,
      ...options,
      maxTokens: 9,
      train: await writeRows(folder, ROWS),
    });
    expect(other.hash).not.toBe(hash);
  });

  test('is not just any artifact', async () => {
    const hash = await artifacts.put(Buffer.from('something else'));
    await expect(openDataset(artifacts, hash)).rejects.toThrow('not a tokenized dataset of this version');
  });

  test('may be in several files and folders: their rows in the order of the list, then of the names', async () => {
    const parts = join(folder, 'parts');
    await mkdir(parts);
    const line = (row: unknown): string => `${JSON.stringify(row)}\n`;
    await writeFile(join(parts, 'part-10.jsonl'), line(ROWS[1]));
    await writeFile(join(parts, 'part-02.jsonl'), line(ROWS[0]));
    for (const name of ['.part-00.jsonl', 'README.md']) await writeFile(join(parts, name), 'not data');
    await writeFile(join(folder, 'last.jsonl'), line(ROWS[2]));
    const options = { chat, maxTokens: 8 };
    const made = await importDataset(ports, { ...options, train: [parts, join(folder, 'last.jsonl')] });
    const whole = await importDataset(ports, { ...options, train: await writeRows(folder, ROWS) });
    expect(made).toEqual(whole);
    const other = await importDataset(ports, { ...options, train: [join(folder, 'last.jsonl'), parts] });
    expect(other.hash).not.toBe(whole.hash);
  });

  test('of many rows is whole, in whatever ranges and parts it is made', async () => {
    const rows = Array.from({ length: 5_000 }, (_, index) => ({
      prompt: 'a '.repeat(1 + (index % 7)),
      completion: 'B',
    }));
    const options = { chat, train: await writeRows(folder, rows), maxTokens: 8 };
    const { made, examples } = await importAndRead(ports, options);
    expect(examples.map(({ trained }) => trained[0])).toEqual(rows.map((_, index) => 1 + (index % 7)));
    expect(examples.every(({ tokens }) => tokens.at(-1) === 7)).toBe(true);
    const other = { artifacts: openArtifacts(join(folder, 'other')), compute };
    for (const rangeBytes of [20, 777, 4_096]) {
      expect(await importDataset(other, { ...options, rangeBytes: rangeBytes * 100 })).toEqual(made);
    }
    const small = await importAndRead(other, { ...options, rangeBytes: 10_000, partWords: 1_000 });
    expect(small.manifest.parts.length).toBeGreaterThan(40);
    expect(small.examples).toEqual(examples);
  });

  test('stops being made when told to', async () => {
    const path = await writeRows(folder, ROWS);
    const made = importDataset(ports, { chat, train: path, maxTokens: 8, signal: AbortSignal.abort() });
    await expect(made).rejects.toMatchObject({ name: 'AbortError' });
  });
});

describe('a file of examples is refused', () => {
  const bad = (path: string, options: { maxTokens?: number; endToken?: string; contextTokens?: number } = {}) =>
    importDataset(ports, { chat, train: path, maxTokens: 8, ...options });

  test.each([
    ['that is not JSON', '{"prompt": "a", "completion": "A"}\n\n{oops\n', ':3: not JSON; expected one {"prompt": "…"'],
    ['with a row without completion', '{"prompt": "a"}', ':1: completion: Invalid input: expected string'],
    ['with a row that is a list', '["a", "A"]', ':1: Invalid input: expected object'],
    ['with an empty prompt', '{"prompt": " ", "completion": "A"}', ':1: prompt has no tokens'],
    [
      'with an empty completion',
      '{"prompt": "a", "completion": ""}',
      ':1: completion has no tokens; set data.endToken',
    ],
  ])('%s', async (_, text, message) => {
    const path = await writeText(folder, text);
    await expect(bad(path)).rejects.toMatchObject({
      type: 'InvalidRequest',
      message: expect.stringContaining(`${path}${message}`),
    });
  });

  test('with no rows', async () => {
    await expect(bad(await writeText(folder, '\n\n'))).rejects.toThrow('has no rows; write one {"prompt"');
  });

  test('with only rows that are too long', async () => {
    const path = await writeRows(folder, ROWS);
    await expect(bad(path, { maxTokens: 2 })).rejects.toThrow(
      'are longer than 2 tokens; raise data.maxTokens, as far as the model’s context goes',
    );
  });

  test('and raising a limit is only the remedy where it is the limit', async () => {
    const path = await writeRows(folder, ROWS);
    await expect(bad(path, { maxTokens: 2, contextTokens: 8 })).rejects.toThrow(
      'longer than 2 tokens; raise data.maxTokens, up to the model’s context of 8.',
    );
    await expect(bad(path, { maxTokens: 2, contextTokens: 2 })).rejects.toThrow(
      /room for no more \(raising data\.maxTokens changes nothing\): shorten or split the rows, or choose a shape/,
    );
  });

  test('that is not there, or is a folder without any', async () => {
    await expect(bad(`${folder}/nowhere.jsonl`)).rejects.toThrow(
      `data.train: there is no file ${folder}/nowhere.jsonl`,
    );
    await expect(bad(folder)).rejects.toThrow(
      `data.train: the folder ${folder} has no file of data (.jsonl, .jsonl.gz, .jsonl.zst, .csv, .parquet); correct the path in the experiment file.`,
    );
  });

  test('an empty completion is enough where an end token follows', async () => {
    const path = await writeRows(folder, [{ prompt: 'a', completion: '' }]);
    expect(await bad(path, { endToken: '<end>' })).toMatchObject({ examples: 1, tokens: 2 });
  });
});
