import { beforeEach, describe, expect, test } from '@jest/globals';
import { openArtifacts } from '../../activities/data/artifacts.ts';
import type { Artifacts } from '../../activities/data/artifacts.ts';
import { importDataset, openDataset } from '../../activities/data/dataset.ts';
import { loadTokenizer } from '../../activities/data/tokenizer.ts';
import type { TextTokenizer } from '../../activities/data/tokenizer.ts';
import { newFolder, writeRows, writeText, writeTokenizer } from './fixtures.ts';

let folder: string;
let artifacts: Artifacts;
let tokenizer: TextTokenizer;

beforeEach(async () => {
  folder = await newFolder();
  artifacts = openArtifacts(folder);
  tokenizer = await loadTokenizer(await writeTokenizer(folder));
});

const ROWS = [
  { prompt: 'a b ->', completion: 'A B' },
  { prompt: 'c ->', completion: 'C' },
  { prompt: 'a b c ->', completion: 'A B C', note: 'other fields are ignored' },
];

describe('a dataset', () => {
  test('is read back example by example', async () => {
    const path = await writeRows(folder, ROWS);
    const made = await importDataset(artifacts, { path, tokenizer, maxTokens: 8, endToken: '<end>' });
    expect(made).toEqual({
      hash: expect.stringMatching(/^[0-9a-f]{64}$/),
      examples: 3,
      dropped: 0,
      tokens: 18,
      maxExampleTokens: 8,
    });
    const dataset = await openDataset(artifacts, made.hash);
    expect(dataset.examples).toBe(3);
    expect([0, 1, 2].map((index) => dataset.example(index))).toEqual([
      { tokens: Int32Array.of(2, 3, 5, 6, 7, 1), promptLength: 3 },
      { tokens: Int32Array.of(4, 5, 8, 1), promptLength: 2 },
      { tokens: Int32Array.of(2, 3, 4, 5, 6, 7, 8, 1), promptLength: 4 },
    ]);
    expect(() => dataset.example(3)).toThrow('example 3 of 3');
    expect(() => dataset.example(-1)).toThrow(RangeError);
  });

  test('leaves out, and counts, examples longer than the limit, the end token included', async () => {
    const path = await writeRows(folder, ROWS);
    const made = await importDataset(artifacts, { path, tokenizer, maxTokens: 5, endToken: '<end>' });
    expect(made).toMatchObject({ examples: 1, dropped: 2, maxExampleTokens: 4 });
    const without = await importDataset(artifacts, { path, tokenizer, maxTokens: 5 });
    expect(without).toMatchObject({ examples: 2, dropped: 1, maxExampleTokens: 5 });
  });

  test('has the same hash for the same content, another one for other settings', async () => {
    const options = { tokenizer, maxTokens: 8, endToken: '<end>' };
    const { hash } = await importDataset(artifacts, { ...options, path: await writeRows(folder, ROWS) });
    const spaced = `\uFEFF\n${ROWS.map((row) => JSON.stringify(row, null, 1).replaceAll('\n', ' ')).join('\r\n\r\n')}`;
    const again = await importDataset(artifacts, { ...options, path: await writeText(folder, spaced) });
    expect(again.hash).toBe(hash);
    const other = await importDataset(artifacts, { ...options, maxTokens: 9, path: await writeRows(folder, ROWS) });
    expect(other.hash).not.toBe(hash);
  });

  test('is decoded once per folder of artifacts', async () => {
    const path = await writeRows(folder, ROWS);
    const { hash } = await importDataset(artifacts, { path, tokenizer, maxTokens: 8 });
    const [first, second] = await Promise.all([openDataset(artifacts, hash), openDataset(artifacts, hash)]);
    expect(second).toBe(first);
    expect(await openDataset(openArtifacts(folder), hash)).not.toBe(first);
  });

  test('is not just any artifact', async () => {
    const hash = await artifacts.put(Buffer.from('something else'));
    await expect(openDataset(artifacts, hash)).rejects.toThrow('not a tokenized dataset of this version');
  });

  test('of many rows is whole', async () => {
    const rows = Array.from({ length: 5_000 }, (_, index) => ({
      prompt: 'a '.repeat(1 + (index % 7)),
      completion: 'B',
    }));
    const made = await importDataset(artifacts, { path: await writeRows(folder, rows), tokenizer, maxTokens: 8 });
    const dataset = await openDataset(artifacts, made.hash);
    expect(made.examples).toBe(5_000);
    for (const index of [0, 6, 4_999]) {
      expect(dataset.example(index).promptLength).toBe(1 + (index % 7));
      expect(dataset.example(index).tokens.at(-1)).toBe(7);
    }
  });

  test('stops being made when told to', async () => {
    const path = await writeRows(folder, ROWS);
    const made = importDataset(artifacts, { path, tokenizer, maxTokens: 8, signal: AbortSignal.abort() });
    await expect(made).rejects.toMatchObject({ name: 'AbortError' });
  });
});

describe('a file of examples is refused', () => {
  const bad = (path: string, options: { maxTokens?: number; endToken?: string } = {}) =>
    importDataset(artifacts, { path, tokenizer, maxTokens: 8, ...options });

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

  test('that is not there, or is a folder', async () => {
    await expect(bad(`${folder}/nowhere.jsonl`)).rejects.toThrow(
      `data.train: there is no file ${folder}/nowhere.jsonl`,
    );
    await expect(bad(folder)).rejects.toThrow('correct the path in the experiment file');
  });

  test('an empty completion is enough where an end token follows', async () => {
    const path = await writeRows(folder, [{ prompt: 'a', completion: '' }]);
    expect(await bad(path, { endToken: '<end>' })).toMatchObject({ examples: 1, tokens: 2 });
  });
});
