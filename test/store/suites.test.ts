import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { compareReproduction } from '../../client/serving/reproduction.ts';
import { openStore, type Store } from '../../store/index.ts';
import { checkpoint, newFolder, newRun, produced, scored } from './fixtures.ts';

let store: Store;

beforeEach(async () => {
  store = await openStore({ path: join(await newFolder(), 'pawl.db') });
  await store.saveRun(newRun('speller-1'));
});

afterEach(() => store.close());

describe('evaluations of suites', () => {
  const sampling = { temperature: 0.7, maxTokens: 8, samplesPerPrompt: 4, passAt: 2 };
  const further = scored(20, 1, { id: 'rhymes', suite: 'rhymes', grader: 'g', sampling, prompts: 3, entropy: 0.5 });

  test('come back as they went in, void ones too', async () => {
    const {
      kind: _,
      score: __,
      low: ___,
      high: ____,
      samples: s,
      prompts: p,
      missing: m,
      entropy: e,
      ...what
    } = further;
    const voided = { kind: 'void', ...what, id: 'void', reason: 'replica 1 restarted' } as const;
    expect([s, p, m, e]).toEqual([10, 3, 1, 0.5]);
    for (const evaluation of [further, voided]) await store.saveEvaluation('speller-1', evaluation);
    expect(await store.evaluations('speller-1')).toEqual([further, voided]);
  });

  test('are told beside the main one, the last of each, by name', async () => {
    await store.saveCheckpoint('speller-1', checkpoint(20));
    const hard = scored(20, 1, { id: 'hard', suite: 'hard' });
    const again = { ...further, id: 'rhymes/a2', score: 0.75 };
    for (const evaluation of [further, scored(20, 1), hard, again]) await store.saveEvaluation('speller-1', evaluation);
    const [row] = await store.checkpointReports('speller-1');
    expect(row?.evaluation).toMatchObject({ id: 'run/step-20/a1' });
    expect(row?.suites?.map(({ id, suite }) => `${suite} ${id}`)).toEqual(['hard hard', 'rhymes rhymes/a2']);
  });
});

test('how likely references are is reproduced by likelihoods, not by references that are the same anyway', async () => {
  const sampling = { temperature: 0, maxTokens: 0, samplesPerPrompt: 1 };
  const before = scored(20, 1, { id: 'before', metric: '1/perplexity', sampling });
  const reproduced = async (id: string, meanLogprob: number): Promise<boolean> => {
    const after = { ...before, id };
    await store.saveEvaluation('speller-1', after, { scores: [{ promptHash: 'p', score: Math.exp(meanLogprob) }] });
    await store.saveSample(id, produced(0, { meanLogprob, score: Math.exp(meanLogprob) }));
    return (await compareReproduction(store, { before, after, greedy: true })).reproduced;
  };
  await store.saveEvaluation('speller-1', before);
  await store.saveSample('before', produced(0, { meanLogprob: -0.5, score: Math.exp(-0.5) }));
  expect(await reproduced('same', -0.501)).toBe(true);
  expect(await reproduced('other', -0.8)).toBe(false);
});
