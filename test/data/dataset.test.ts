import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { beforeEach, describe, expect, test } from '@jest/globals';
import { openArtifacts } from '../../store/artifacts/artifacts.ts';
import type { Artifacts } from '../../store/artifacts/artifacts.ts';
import { importDataset, openDataset } from '../../activities/data/dataset.ts';
import { loadTokenizer } from '../../activities/data/tokenizer.ts';
import type { TextTokenizer } from '../../activities/data/tokenizer.ts';
import { newFolder, writeRows, writeText, writeTokenizer } from './fixtures.ts';

let folder: string;
let artifacts: Artifacts;
let tokenizer: TextTokenizer;
let chat: { tokenizer: string };

beforeEach(async () => {
  folder = await newFolder();
  artifacts = openArtifacts(folder);
  chat = { tokenizer: await writeTokenizer(folder) };
  tokenizer = await loadTokenizer(chat.tokenizer);
});

const ROWS = [
  { prompt: 'a b ->', completion: 'A B' },
  { prompt: 'c ->', completion: 'C' },
  { prompt: 'a b c ->', completion: 'A B C', note: 'other fields are ignored' },
];

describe('a dataset', () => {
  test('is read back example by example', async () => {
    const path = await writeRows(folder, ROWS);
    const made = await importDataset(artifacts, { chat, train: path, tokenizer, maxTokens: 8, endToken: '<end>' });
    expect(made).toMatchObject({
      hash: expect.stringMatching(/^[0-9a-f]{64}$/),
      examples: 3,
      dropped: 0,
      tokens: 18,
      maxExampleTokens: 8,
    });
    const dataset = await openDataset(artifacts, made.hash);
    expect(dataset.examples).toBe(3);
    expect([0, 1, 2].map((index) => dataset.example(index))).toEqual([
      { tokens: Int32Array.of(2, 3, 5, 6, 7, 1), trained: Int32Array.of(3, 6) },
      { tokens: Int32Array.of(4, 5, 8, 1), trained: Int32Array.of(2, 4) },
      { tokens: Int32Array.of(2, 3, 4, 5, 6, 7, 8, 1), trained: Int32Array.of(4, 8) },
    ]);
    expect(() => dataset.example(3)).toThrow('example 3 of 3');
    expect(() => dataset.example(-1)).toThrow(RangeError);
  });

  test('leaves out, and counts, examples longer than the limit, the end token included', async () => {
    const path = await writeRows(folder, ROWS);
    const made = await importDataset(artifacts, { chat, train: path, tokenizer, maxTokens: 5, endToken: '<end>' });
    expect(made).toMatchObject({ examples: 1, dropped: 2, maxExampleTokens: 4 });
    const without = await importDataset(artifacts, { chat, train: path, tokenizer, maxTokens: 5 });
    expect(without).toMatchObject({ examples: 2, dropped: 1, maxExampleTokens: 5 });
  });

  test('has the same hash for the same content, another one for other settings', async () => {
    const options = { tokenizer, maxTokens: 8, endToken: '<end>' };
    const { hash } = await importDataset(artifacts, { chat, ...options, train: await writeRows(folder, ROWS) });
    const spaced = `\uFEFF\n${ROWS.map((row) => JSON.stringify(row, null, 1).replaceAll('\n', ' ')).join('\r\n\r\n')}`;
    const again = await importDataset(artifacts, { chat, ...options, train: await writeText(folder, spaced) });
    expect(again.hash).toBe(hash);
    const other = await importDataset(artifacts, {
      chat,
      ...options,
      maxTokens: 9,
      train: await writeRows(folder, ROWS),
    });
    expect(other.hash).not.toBe(hash);
  });

  test('is decoded once per folder of artifacts', async () => {
    const path = await writeRows(folder, ROWS);
    const { hash } = await importDataset(artifacts, { chat, train: path, tokenizer, maxTokens: 8 });
    const [first, second] = await Promise.all([openDataset(artifacts, hash), openDataset(artifacts, hash)]);
    expect(second).toBe(first);
    expect(await openDataset(openArtifacts(folder), hash)).not.toBe(first);
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
    const options = { chat, tokenizer, maxTokens: 8 };
    const made = await importDataset(artifacts, { ...options, train: [parts, join(folder, 'last.jsonl')] });
    const whole = await importDataset(artifacts, { ...options, train: await writeRows(folder, ROWS) });
    expect(made).toEqual(whole);
    const other = await importDataset(artifacts, { ...options, train: [join(folder, 'last.jsonl'), parts] });
    expect(other.hash).not.toBe(whole.hash);
  });

  test('of the version before is still read', async () => {
    const header = {
      tokenizer: 'x',
      maxTokens: 8,
      endTokens: [1],
      examples: 2,
      dropped: 0,
      tokens: 7,
      maxExampleTokens: 4,
    };
    const json = JSON.stringify(header).padEnd(4 * Math.ceil(JSON.stringify(header).length / 4));
    const length = Buffer.alloc(4);
    length.writeInt32LE(json.length);
    const columns = Int32Array.of(0, 4, 7, 2, 1, 2, 5, 6, 1, 4, 8, 1);
    const bytes = Buffer.concat([Buffer.from('PAWLSFT1'), length, Buffer.from(json), Buffer.from(columns.buffer)]);
    const dataset = await openDataset(artifacts, await artifacts.put(bytes));
    expect([0, 1].map((index) => dataset.example(index))).toEqual([
      { tokens: Int32Array.of(2, 5, 6, 1), trained: Int32Array.of(2, 4) },
      { tokens: Int32Array.of(4, 8, 1), trained: Int32Array.of(1, 3) },
    ]);
    expect(() => dataset.example(2)).toThrow('example 2 of 2');
  });

  test('of many rows is whole', async () => {
    const rows = Array.from({ length: 5_000 }, (_, index) => ({
      prompt: 'a '.repeat(1 + (index % 7)),
      completion: 'B',
    }));
    const made = await importDataset(artifacts, {
      chat,
      train: await writeRows(folder, rows),
      tokenizer,
      maxTokens: 8,
    });
    const dataset = await openDataset(artifacts, made.hash);
    expect(made.examples).toBe(5_000);
    for (const index of [0, 6, 4_999]) {
      expect(dataset.example(index).trained[0]).toBe(1 + (index % 7));
      expect(dataset.example(index).tokens.at(-1)).toBe(7);
    }
  });

  test('stops being made when told to', async () => {
    const path = await writeRows(folder, ROWS);
    const made = importDataset(artifacts, { chat, train: path, tokenizer, maxTokens: 8, signal: AbortSignal.abort() });
    await expect(made).rejects.toMatchObject({ name: 'AbortError' });
  });
});

describe('a file of examples is refused', () => {
  const bad = (path: string, options: { maxTokens?: number; endToken?: string } = {}) =>
    importDataset(artifacts, { chat, train: path, tokenizer, maxTokens: 8, ...options });

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
    await expect(bad(path, { maxTokens: 2 })).rejects.toThrow('are longer than 2 tokens; raise data.maxTokens');
  });

  test('that is not there, or is a folder without any', async () => {
    await expect(bad(`${folder}/nowhere.jsonl`)).rejects.toThrow(
      `data.train: there is no file ${folder}/nowhere.jsonl`,
    );
    await expect(bad(folder)).rejects.toThrow(
      `data.train: the folder ${folder} has no .jsonl file; correct the path in the experiment file.`,
    );
  });

  test('an empty completion is enough where an end token follows', async () => {
    const path = await writeRows(folder, [{ prompt: 'a', completion: '' }]);
    expect(await bad(path, { endToken: '<end>' })).toMatchObject({ examples: 1, tokens: 2 });
  });
});
