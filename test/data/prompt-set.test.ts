import { createHash } from 'node:crypto';
import { beforeEach, describe, expect, test } from '@jest/globals';
import { openArtifacts } from '../../activities/data/artifacts.ts';
import type { Artifacts } from '../../activities/data/artifacts.ts';
import { importPromptSet, openPromptSet } from '../../activities/data/prompt-set.ts';
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

async function importRows(rows: readonly unknown[]): ReturnType<typeof importPromptSet> {
  return importPromptSet(artifacts, { path: await writeRows(folder, rows), tokenizer, maxTokens: 4 });
}

describe('a prompt set', () => {
  test('is read back in order, each prompt with a hash of its own', async () => {
    const { hash } = await importRows([
      { prompt: 'a b ->', reference: 'A B', tags: ['short', 'easy', 'short'] },
      { prompt: 'c ->', reference: 'C' },
    ]);
    const line = '{"prompt":"c ->","tokens":[4,5],"reference":"C","tags":[]}';
    expect(await openPromptSet(artifacts, hash)).toEqual([
      {
        prompt: 'a b ->',
        tokens: [2, 3, 5],
        reference: 'A B',
        tags: ['easy', 'short'],
        hash: expect.stringMatching(/^[0-9a-f]{64}$/),
      },
      {
        prompt: 'c ->',
        tokens: [4, 5],
        reference: 'C',
        tags: [],
        hash: createHash('sha256').update(line).digest('hex'),
      },
    ]);
  });

  test('leaves out, and counts, identical rows', async () => {
    const rows = [
      { prompt: 'a', reference: 'A', tags: ['x', 'y'] },
      { reference: 'A', tags: ['y', 'x'], prompt: 'a' },
      { prompt: 'a', reference: 'B', tags: ['x', 'y'] },
    ];
    const made = await importRows(rows);
    expect(made).toEqual({ hash: expect.any(String), prompts: 2, duplicates: 1 });
    expect((await importRows(rows.slice(1))).hash).toBe(made.hash);
  });

  test('asks token ids as they are given, and has their text for people', async () => {
    const { hash } = await importRows([{ prompt: [2, 5, 1], reference: 'A' }]);
    expect(await openPromptSet(artifacts, hash)).toMatchObject([{ prompt: 'a ->', tokens: [2, 5, 1] }]);
    await expect(importRows([{ prompt: [2.5], reference: 'A' }])).rejects.toThrow(
      ':1: prompt: expected text, or a list of token ids',
    );
  });

  test('has another hash in another order', async () => {
    const rows = [
      { prompt: 'a', reference: 'A' },
      { prompt: 'b', reference: 'B' },
    ];
    expect((await importRows([...rows].reverse())).hash).not.toBe((await importRows(rows)).hash);
  });

  test('keeps line breaks inside its texts', async () => {
    const { hash } = await importRows([{ prompt: 'a\nb\u2028', reference: 'A\r\nB' }]);
    expect((await openPromptSet(artifacts, hash))[0]).toMatchObject({ prompt: 'a\nb\u2028', reference: 'A\r\nB' });
  });

  test('is not just any artifact', async () => {
    for (const other of ['something else', '{"format":"pawl-prompts-0","tokenizer":"x"}\n', '']) {
      const hash = await artifacts.put(Buffer.from(other));
      await expect(openPromptSet(artifacts, hash)).rejects.toThrow('not a prompt set of this version');
    }
  });

  test.each([
    ['no rows', '', 'has no rows; write one {"prompt": "…", "reference": "…"} per line'],
    ['a row without reference', '{"prompt": "a"}', ':1: reference: Invalid input: expected string'],
    ['a row with wrong tags', '{"prompt": "a", "reference": "A", "tags": "x"}', ':1: tags: Invalid input'],
    ['an empty prompt', '{"prompt": "", "reference": "A"}', ':1: prompt has no tokens'],
    ['a prompt too long', '{"prompt": "a b c a b", "reference": "A"}', ':1: prompt has 5 tokens, more than 4; shorten'],
  ])('is refused for %s', async (_, text, message) => {
    const path = await writeText(folder, text);
    await expect(importPromptSet(artifacts, { path, tokenizer, maxTokens: 4 })).rejects.toMatchObject({
      type: 'InvalidRequest',
      message: expect.stringContaining(message),
    });
  });

  test('names the field of a file that is not there', async () => {
    const path = `${folder}/nowhere.jsonl`;
    await expect(importPromptSet(artifacts, { path, tokenizer, maxTokens: 4 })).rejects.toThrow(
      `evaluate.prompts: there is no file ${path}`,
    );
  });
});
