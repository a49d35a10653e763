import { beforeEach, describe, expect, test } from '@jest/globals';
import { openArtifacts, type Artifacts } from '../../store/artifacts/artifacts.ts';
import { openReferences, pinReferences } from '../../activities/data/references.ts';
import { loadTokenizer, type TextTokenizer } from '../../activities/data/tokenizer.ts';
import { newFolder, writeTokenizer } from './fixtures.ts';

let artifacts: Artifacts;
let tokenizer: TextTokenizer;

beforeEach(async () => {
  const folder = await newFolder();
  artifacts = openArtifacts(folder);
  tokenizer = await loadTokenizer(await writeTokenizer(folder));
});

const prompts = ['a b', 'c'].map((reference) => ({ prompt: 'a', tokens: [2], reference, tags: [], hash: reference }));

describe('references', () => {
  test('are tokenized by themselves, with the end token that completions have', async () => {
    const bare = await pinReferences(artifacts, prompts, { tokenizer, maxTokens: 8 });
    expect(await openReferences(artifacts, bare)).toMatchObject({ references: [[2, 3], [4]] });
    const ended = await pinReferences(artifacts, prompts, { tokenizer, endToken: '->', maxTokens: 8 });
    expect(await openReferences(artifacts, ended)).toMatchObject({
      references: [
        [2, 3, 5],
        [4, 5],
      ],
    });
  });

  test('go with the answers that are to be less likely, where two are compared', async () => {
    const compared = prompts.map((prompt) => ({ ...prompt, rejected: 'c c' }));
    const pinned = await pinReferences(artifacts, compared, { tokenizer, maxTokens: 8, compared: true });
    expect(await openReferences(artifacts, pinned)).toMatchObject({
      references: [[2, 3], [4]],
      rejected: [
        [4, 4],
        [4, 4],
      ],
    });
    const lacking = pinReferences(artifacts, prompts, { tokenizer, maxTokens: 8, compared: true });
    await expect(lacking).rejects.toThrow('reference 1 of the set has no rejected answer');
  });

  test('must have tokens, and fit with their prompts', async () => {
    const empty = [{ prompt: 'a', tokens: [2], reference: '', tags: [], hash: 'h' }];
    await expect(pinReferences(artifacts, empty, { tokenizer, maxTokens: 8 })).rejects.toThrow(
      'evaluate.prompts: reference 1 of the set has no tokens; leave the prompt out.',
    );
    await expect(pinReferences(artifacts, prompts, { tokenizer, maxTokens: 2 })).rejects.toThrow(
      'reference 1 of the set makes 3 tokens with its prompt, more than the 2 that the model’s context has room for',
    );
  });

  test('that were never pinned end an evaluation', async () => {
    await expect(openReferences(artifacts, undefined)).rejects.toMatchObject({ type: 'InvalidRequest' });
  });
});
