import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { compareCheckpoints, compareEvaluations, compareReproduction, openStore } from '../../store/index.ts';
import type { ScoredEvaluation, Store } from '../../store/index.ts';
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

  test('score their prompts as they say: several samples each, of which some are right', async () => {
    await store.saveEvaluation('speller-1', further);
    const scores = [1, 1, 0, 0, 0];
    for (const [sampleIndex, score] of scores.entries()) {
      await store.saveSample('rhymes', produced(0, { sampleIndex, score, text: `answer ${sampleIndex}` }));
      await store.saveSample('plain', produced(0, { sampleIndex, score }));
    }
    expect((await store.samples('rhymes')).map(({ sampleIndex }) => sampleIndex)).toEqual([0, 1, 2, 3, 4]);
    expect(await store.promptScores('rhymes')).toEqual([
      { promptHash: 'f'.repeat(64), score: expect.closeTo(0.7, 14) },
    ]);
    expect(await store.promptScores('plain')).toEqual([{ promptHash: 'f'.repeat(64), score: 0.4 }]);
  });
});

describe('checkpoints compared with the baseline and with the one before', () => {
  const answered = async (evaluation: ScoredEvaluation, scores: readonly number[]): Promise<void> => {
    await store.saveCheckpoint('speller-1', checkpoint(evaluation.step));
    await store.saveEvaluation('speller-1', evaluation);
    for (const [index, score] of scores.entries()) {
      await store.saveSample(evaluation.id, produced(index, { score, promptHash: `${index}` }));
    }
  };
  const compared = async () => compareCheckpoints(store, await store.checkpointReports('speller-1'));

  test('are so on the prompts that both answered', async () => {
    await answered(scored(0, 1), [0, 0, 1]);
    await answered(scored(20, 1), [1, 0]);
    const missing = {
      kind: 'missing',
      promptIndex: 2,
      sampleIndex: 0,
      promptHash: '2',
      promptTokens: 7,
      error: '503',
    } as const;
    await store.saveSample(scored(20, 1).id, missing);
    const [baseline, later] = await compared();
    expect(baseline?.overBaseline).toBeUndefined();
    expect(later?.overBaseline).toMatchObject({ mean: 0.5, pairs: 2, reference: 'step-0' });
  });

  test('the one before is of an earlier step: the base of a delta is not compared with that', async () => {
    await answered(scored(0, 1), [0, 0]);
    await answered(scored(20, 1), [1, 0]);
    await answered(scored(40, 1), [1, 1]);
    await store.saveCheckpoint('speller-1', checkpoint(40, { name: 'final-40' }));
    const final = scored(40, 1, { id: 'final', checkpoint: 'final-40' });
    await store.saveEvaluation('speller-1', final);
    await store.saveSample('final', produced(0, { score: 0, promptHash: '0' }));
    // By name: two of one step may have been saved in the same millisecond.
    const previous = (await compared()).map(({ checkpoint: { name }, overPrevious }) => [
      name,
      overPrevious && [overPrevious.reference, overPrevious.mean],
    ]);
    expect(Object.fromEntries(previous)).toEqual({
      'step-0': undefined,
      'step-20': ['step-0', 0.5],
      'step-40': ['step-20', 0.5],
      'final-40': ['step-20', -1],
    });
  });

  test('never are across prompt sets or graders', async () => {
    await answered(scored(0, 1), [0, 0]);
    await answered(scored(20, 1, { promptSet: 'd'.repeat(64) }), [1, 1]);
    await answered(scored(40, 1, { metric: 'numeric' }), [1, 1]);
    expect((await compared()).flatMap(({ overBaseline, overPrevious }) => [overBaseline, overPrevious])).toEqual(
      Array.from({ length: 6 }),
    );
  });
});

test('a branch is compared with the checkpoint that it began from', async () => {
  await store.saveRun(newRun('speller-2'));
  for (const [runId, id, score] of [
    ['speller-1', 'parent', 0.25],
    ['speller-2', 'child', 1],
  ] as const) {
    await store.saveCheckpoint(runId, checkpoint(20));
    await store.saveEvaluation(runId, scored(20, 1, { id }));
    await store.saveSample(id, produced(0, { score }));
  }
  const rows = await store.checkpointReports('speller-2');
  const [row] = await compareCheckpoints(store, rows, { runId: 'speller-1', checkpoint: 'step-20' });
  expect(row?.overParent).toEqual({ reference: 'step-20', mean: 0.75, pairs: 1 });
  expect(row).not.toHaveProperty('overBaseline');
});

test('any two evaluations are compared, whichever runs they are of', async () => {
  await store.saveRun(newRun('speller-2'));
  const one = scored(20, 1, { id: 'speller-1/20' });
  const other = scored(40, 1, { id: 'speller-2/40' });
  await store.saveEvaluation('speller-1', one);
  await store.saveEvaluation('speller-2', other);
  await store.saveSample(one.id, produced(0, { score: 0.25 }));
  await store.saveSample(other.id, produced(5, { score: 1 }));
  expect(await compareEvaluations(store, one, other)).toEqual({ reference: 'step-20', mean: 0.75, pairs: 1 });
  expect(await compareEvaluations(store, one, one)).toBeUndefined();
});

test('how likely references are is reproduced by likelihoods, not by references that are the same anyway', async () => {
  const sampling = { temperature: 0, maxTokens: 0, samplesPerPrompt: 1 };
  const before = scored(20, 1, { id: 'before', metric: '1/perplexity', sampling });
  const reproduced = async (id: string, meanLogprob: number): Promise<boolean> => {
    const after = { ...before, id };
    await store.saveEvaluation('speller-1', after);
    await store.saveSample(id, produced(0, { meanLogprob, score: Math.exp(meanLogprob) }));
    return (await compareReproduction(store, { before, after, greedy: true })).reproduced;
  };
  await store.saveEvaluation('speller-1', before);
  await store.saveSample('before', produced(0, { meanLogprob: -0.5, score: Math.exp(-0.5) }));
  expect(await reproduced('same', -0.501)).toBe(true);
  expect(await reproduced('other', -0.8)).toBe(false);
});
