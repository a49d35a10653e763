import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { recordEvaluation } from '../../activities/run/record-evaluation.ts';
import { compareEvaluations } from '../../client/lineage/compare.ts';
import { openStore, type SampleRecord, type ScoredEvaluation, type Store } from '../../store/index.ts';
import { testPool } from '../compute/pool.ts';
import { checkpoint, newFolder, newRun, produced, scored } from '../store/fixtures.ts';

const compute = testPool();
let store: Store;

beforeEach(async () => {
  store = await openStore({ path: join(await newFolder(), 'pawl.db') });
  await store.saveRun(newRun('speller-1'));
});

afterEach(() => store.close());

async function recorded(found: ScoredEvaluation, samples: readonly SampleRecord[], runId = 'speller-1'): Promise<void> {
  const { kind: _, ...evaluation } = found;
  await store.saveCheckpoint(runId, checkpoint(evaluation.step, { name: evaluation.checkpoint }));
  const { signal } = new AbortController();
  await recordEvaluation({ store, compute, signal }, runId, evaluation, samples);
}

/** One sample of each prompt. */
function answers(...scores: readonly number[]): SampleRecord[] {
  return scores.map((score, index) => produced(index, { score, promptHash: `${index}` }));
}

const rows = () => store.checkpointReports('speller-1');

test('prompts score as their suite says: several samples each, of which some are right', async () => {
  const samples = [1, 1, 0, 0, 0].map((score, sampleIndex) => produced(0, { sampleIndex, score }));
  const sampling = { temperature: 0.7, maxTokens: 8, samplesPerPrompt: 5 };
  await recorded(scored(0, 1, { id: 'plain', sampling }), samples);
  await recorded(scored(0, 1, { id: 'pass@2', sampling: { ...sampling, passAt: 2 } }), samples);
  expect(await store.promptScores('plain')).toEqual([{ promptHash: 'f'.repeat(64), score: 0.4 }]);
  expect(await store.promptScores('pass@2')).toEqual([{ promptHash: 'f'.repeat(64), score: expect.closeTo(0.7, 14) }]);
});

test('scores that are no numbers come back as they went in', async () => {
  await recorded(scored(0, 1, { id: 'odd' }), answers(Number.NaN, Number.POSITIVE_INFINITY));
  expect((await store.promptScores('odd')).map(({ score }) => score)).toEqual([Number.NaN, Number.POSITIVE_INFINITY]);
});

describe('checkpoints are compared with the baseline and with the one before', () => {
  test('on the prompts that both answered', async () => {
    await recorded(scored(0, 1), answers(0, 0, 1));
    const missing = { kind: 'missing', promptIndex: 2, sampleIndex: 0, promptHash: '2', promptTokens: 7, error: '503' };
    await recorded(scored(20, 1), [...answers(1, 0), missing as SampleRecord]);
    const [baseline, later] = await rows();
    expect(baseline?.overBaseline).toBeUndefined();
    expect(later?.overBaseline).toMatchObject({ mean: 0.5, pairs: 2, reference: 'step-0' });
  });

  test('the one before is of an earlier step: the base of a delta is not compared with that', async () => {
    await recorded(scored(0, 1), answers(0, 0));
    await recorded(scored(20, 1), answers(1, 0));
    await recorded(scored(40, 1), answers(1, 1));
    await recorded(scored(40, 1, { id: 'final', checkpoint: 'final-40' }), answers(0));
    // By name: two of one step may have been saved in the same millisecond.
    const previous = (await rows()).map(({ checkpoint: { name }, overPrevious }) => [
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

  test('never across prompt sets or graders, nor on further suites', async () => {
    await recorded(scored(0, 1), answers(0, 0));
    await recorded(scored(20, 1, { promptSet: 'd'.repeat(64) }), answers(1, 1));
    await recorded(scored(40, 1, { metric: 'numeric' }), answers(1, 1));
    await recorded(scored(60, 1, { suite: 'rhymes' }), answers(1, 1));
    expect((await rows()).flatMap(({ overBaseline, overPrevious }) => [overBaseline, overPrevious])).toEqual(
      Array.from({ length: 8 }),
    );
  });

  test('once: neither what comes later nor the removal of samples changes what is recorded', async () => {
    await recorded(scored(0, 1), answers(0, 0));
    await recorded(scored(20, 1), answers(1, 0));
    const before = (await rows())[1];
    await store.deleteSamples([scored(0, 1).id, scored(20, 1).id]);
    // Written again by somebody who computed nothing, as a store that is restored is.
    await store.saveEvaluation('speller-1', scored(20, 1));
    expect((await rows())[1]).toEqual(before);
    expect(before?.overBaseline?.mean).toBe(0.5);
  });
});

test('a branch is compared with the checkpoint that it began from', async () => {
  const parent = { runId: 'speller-1', checkpoint: 'step-20', step: 20, changes: [] };
  await store.saveRun({ ...newRun('speller-2'), parent });
  await recorded(scored(20, 1, { id: 'parent' }), answers(0.25));
  await recorded(scored(20, 1, { id: 'child' }), answers(1), 'speller-2');
  const [row] = await store.checkpointReports('speller-2');
  expect(row?.overParent).toEqual({ reference: 'step-20', mean: 0.75, pairs: 1 });
  expect(row).not.toHaveProperty('overBaseline');
});

test('any two evaluations are compared, whichever runs they are of', async () => {
  await store.saveRun(newRun('speller-2'));
  const one = scored(20, 1, { id: 'speller-1/20' });
  const other = scored(40, 1, { id: 'speller-2/40' });
  await recorded(one, answers(0.25));
  await recorded(other, answers(1), 'speller-2');
  expect(await compareEvaluations(store, one, other)).toEqual({ reference: 'step-20', mean: 0.75, pairs: 1 });
  expect(await compareEvaluations(store, one, one)).toBeUndefined();
});
