import { beforeEach, describe, expect, test } from '@jest/globals';
import { join } from 'node:path';
import { writeFile } from 'node:fs/promises';
import { openArtifacts, type Artifacts } from '../../store/artifacts/artifacts.ts';
import { importDataset } from '../../activities/data/import-dataset.ts';
import { foundInDataset } from '../../activities/data/overlap.ts';
import { importPromptSet } from '../../activities/data/prompt-set.ts';
import { loadTokenizer, type TextTokenizer } from '../../activities/data/tokenizer.ts';
import { testPool } from '../compute/pool.ts';
import { newFolder, writeRows, writeTokenizer } from './fixtures.ts';

const compute = testPool();
let folder: string;
let artifacts: Artifacts;
let tokenizer: TextTokenizer;
let tokenizerPath: string;

beforeEach(async () => {
  folder = await newFolder();
  artifacts = openArtifacts(join(folder, 'artifacts'));
  tokenizerPath = await writeTokenizer(folder);
  tokenizer = await loadTokenizer(tokenizerPath);
});

async function overlap(trained: readonly string[], asked: readonly string[]): Promise<number> {
  const train = join(folder, 'train.jsonl');
  await writeFile(train, trained.map((prompt) => `${JSON.stringify({ prompt, completion: 'A' })}\n`).join(''));
  const dataset = await importDataset(
    { artifacts, compute },
    { train, chat: { tokenizer: tokenizerPath }, maxTokens: 9 },
  );
  const path = await writeRows(
    folder,
    asked.map((prompt, index) => ({ prompt, reference: `${index}` })),
  );
  const chat = { tokenizer: tokenizerPath, remedy: 'give one' };
  const prompts = await importPromptSet(artifacts, { path, tokenizer, chat, maxTokens: 9 });
  const { signal } = new AbortController();
  const sought = { promptSet: prompts.hash };
  return (await foundInDataset({ artifacts, compute }, { dataset: dataset.hash, sought, signal })).size;
}

describe('prompts that are in the training data', () => {
  test('are counted, each of them, by their tokens', async () => {
    expect(await overlap(['a b ->', 'c ->'], ['a  b ->', 'b ->', 'c ->', 'c ->'])).toBe(3);
  });

  test('are whole prompts, not beginnings of them', async () => {
    expect(await overlap(['a b ->', 'c'], ['a b', 'c ->', 'b ->'])).toBe(0);
  });
});

test('examples that another dataset has too are whole ones, answers included', async () => {
  const chat = { tokenizer: tokenizerPath };
  const datasetOf = async (file: string, pairs: readonly (readonly [string, string])[]): Promise<string> => {
    const train = join(folder, file);
    await writeFile(train, pairs.map(([prompt, completion]) => `${JSON.stringify({ prompt, completion })}\n`).join(''));
    return (await importDataset({ artifacts, compute }, { train, chat, maxTokens: 9 })).hash;
  };
  const trained = await datasetOf('train.jsonl', [
    ['a ->', 'A'],
    ['b ->', 'B'],
    ['a b ->', 'C'],
  ]);
  const asked = await datasetOf('validation.jsonl', [
    ['a ->', 'B'],
    ['b ->', 'B'],
    ['a b', 'C'],
    ['a  b ->', 'C'],
    ['b ->', 'B'],
  ]);
  const { signal } = new AbortController();
  const found = await foundInDataset(
    { artifacts, compute },
    { dataset: trained, sought: { examplesOf: asked }, signal },
  );
  expect([...found].toSorted((a, b) => a - b)).toEqual([1, 3, 4]);
});
