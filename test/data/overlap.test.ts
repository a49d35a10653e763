import { beforeEach, describe, expect, test } from '@jest/globals';
import { join } from 'node:path';
import { writeFile } from 'node:fs/promises';
import { openArtifacts, type Artifacts } from '../../store/artifacts/artifacts.ts';
import { importDataset } from '../../activities/data/import-dataset.ts';
import { overlappingPrompts } from '../../activities/data/overlap.ts';
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
  return overlappingPrompts({ artifacts, compute }, { dataset: dataset.hash, promptSet: prompts.hash, signal });
}

describe('prompts that are in the training data', () => {
  test('are counted, each of them, by their tokens', async () => {
    expect(await overlap(['a b ->', 'c ->'], ['a  b ->', 'b ->', 'c ->', 'c ->'])).toBe(3);
  });

  test('are whole prompts, not beginnings of them', async () => {
    expect(await overlap(['a b ->', 'c'], ['a b', 'c ->', 'b ->'])).toBe(0);
  });
});
