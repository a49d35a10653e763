/** Sweeps in the store: writing twice is writing once, and what was decided before a moment can be told again. */
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { SweepSpec } from '../../domain/spec/sweep-spec.ts';
import type { PlannedTrial } from '../../domain/words/sweep-workflow.ts';
import { openStore, type Store } from '../../store/index.ts';
import { factsBefore } from '../../store/rows/trial-facts.ts';
import { SPEC } from './fixtures.ts';

let store: Store;

beforeEach(async () => {
  store = await openStore({ path: join(mkdtempSync(join(tmpdir(), 'pawl-sweeps-')), 'pawl.db') });
  const spec = SweepSpec.parse({
    name: 'rates',
    experiment: 'x.yaml',
    method: 'grid',
    parameters: { 'train.batchSize': { values: [8, 16] } },
  });
  const sweep = { sweepId: 'rates-1', name: 'rates', spec, experiment: SPEC, suite: 'main', askedBy: 'me' };
  await store.saveSweep({ ...sweep, goal: 'maximize' });
  await store.saveSweep({ ...sweep, goal: 'minimize' });
});

afterEach(async () => {
  await store.close();
});

function planned(number: number, batchSize = 8): PlannedTrial {
  const run = { runId: `rates-t${number}`, runHex: '00000000', spec: SPEC };
  return { run, parameters: { 'train.batchSize': batchSize }, workPerStep: 8, every: 10, steps: 30 };
}

const score = { checkpoint: 'step-000010-g1', step: 10, score: 0.5, low: 0.4, high: Number.NaN, prompts: 24 };

test('the first write of a sweep, a trial, a score and an end stands', async () => {
  await store.saveTrial('rates-1', { number: 0, proposedOrder: 1, planned: planned(0) });
  await store.saveTrial('rates-1', { number: 0, proposedOrder: 9, planned: planned(0, 16) });
  await store.saveTrialScore('rates-1', 0, { ...score, order: 2 });
  await store.saveTrialScore('rates-1', 0, { ...score, score: 0.9, order: 3 });
  await store.endTrial('rates-1', 0, { state: 'stopped', endedOrder: 2, reason: 'low' });
  await store.endTrial('rates-1', 0, { state: 'finished', endedOrder: 5 });
  await store.noteTrialOutcome('rates-1', 0, { runOutcome: 'finished', runReason: 'done' });
  await store.addSweepEvent('rates-1', { key: 'a', message: 'one' });
  await store.addSweepEvent('rates-1', { key: 'a', message: 'two' });

  expect(await store.sweep('rates-1')).toMatchObject({ goal: 'maximize', outcome: 'running' });
  const [trial, ...others] = await store.trials('rates-1');
  expect(others).toEqual([]);
  expect(trial).toMatchObject({ state: 'stopped', reason: 'low', endedOrder: 2, proposedOrder: 1 });
  expect(trial).toMatchObject({ runOutcome: 'finished', planned: { parameters: { 'train.batchSize': 8 } } });
  expect(trial?.scores).toEqual([{ ...score, order: 2 }]);
  expect((await store.sweepEvents('rates-1')).map(({ message }) => message)).toEqual(['one']);
  expect(await store.sweep('rates-2')).toBeUndefined();
});

test('facts before a decision are what they were then', async () => {
  await store.saveTrial('rates-1', { number: 0, proposedOrder: 1, planned: planned(0) });
  await store.saveTrial('rates-1', { number: 1, proposedOrder: 4, planned: planned(1, 16) });
  await store.saveTrialScore('rates-1', 0, { ...score, high: 0.6, order: 2 });
  await store.saveTrialScore('rates-1', 0, { ...score, step: 20, order: 5 });
  await store.endTrial('rates-1', 0, { state: 'finished', endedOrder: 5 });

  const trials = await store.trials('rates-1');
  expect(factsBefore(trials, 4)).toEqual([
    {
      number: 0,
      parameters: { 'train.batchSize': 8 },
      state: 'running',
      scores: [{ step: 10, value: 0.5, low: 0.4, high: 0.6, n: 24, order: 2 }],
    },
  ]);
  expect(factsBefore(trials, 6)).toMatchObject([
    // An interval that is none is not told.
    { state: 'finished', scores: [{ step: 10 }, { step: 20, value: 0.5, order: 5 }] },
    { number: 1, state: 'running', scores: [] },
  ]);
});
