/** Between which checkpoints a search for a fall looks. */
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { bisectInput } from '../../client/serving/bisect-input.ts';
import { openStore, type Store } from '../../store/index.ts';
import { checkpoint, newFolder, newRun, PLAN, scored } from '../store/fixtures.ts';

let store: Store;

beforeEach(async () => {
  store = await openStore({ path: join(await newFolder(), 'pawl.db') });
  await store.saveRun(newRun('speller-1'));
  await store.updateRun('speller-1', { phase: 'done', step: 60, generation: 1, plan: PLAN });
});

afterEach(() => store.close());

async function evaluated(scores: Readonly<Record<number, number>>): Promise<void> {
  for (const [step, score] of Object.entries(scores)) {
    await store.saveCheckpoint('speller-1', checkpoint(Number(step)));
    await store.saveEvaluation('speller-1', scored(Number(step), 1, { score }));
  }
}

test('from the best to the last, knowing among how many the best was chosen', async () => {
  await evaluated({ 0: 0.1, 20: 0.7, 40: 0.5, 60: 0.4 });
  const { checkpoints, looks } = await bisectInput(store, { run: 'speller-1' }, 'bisect-1');
  expect(checkpoints.map(({ step }) => step)).toEqual([20, 40, 60]);
  expect(looks).toBe(4);
  const named = await bisectInput(store, { run: 'speller-1', goodStep: 20, badStep: 60 }, 'bisect-2');
  expect(named.looks).toBe(2);
});

test('where the best is the last, nothing fell', async () => {
  await evaluated({ 0: 0.1, 20: 0.2, 40: 0.7 });
  await expect(bisectInput(store, { run: 'speller-1' }, 'bisect-1')).rejects.toThrow(
    'Nothing fell: the best checkpoint in suite main is step-40, step 40, where the search would end. To look between others',
  );
});

test('with the good one after the bad one there is nothing to search', async () => {
  await evaluated({ 0: 0.1, 20: 0.7, 40: 0.5 });
  const request = { run: 'speller-1', goodStep: 40, badStep: 20 };
  await expect(bisectInput(store, request, 'bisect-1')).rejects.toThrow(/there is nothing to search.*good step before/);
});
