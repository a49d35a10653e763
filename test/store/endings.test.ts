/** How many answers came to no end is kept with their evaluation; of one that says nothing of it, nothing. */
import { expect, test } from '@jest/globals';
import { join } from 'node:path';
import { openStore } from '../../store/index.ts';
import { checkpoint, newFolder, newRun, scored } from './fixtures.ts';

test('is read as it was written', async () => {
  const store = await openStore({ path: join(await newFolder(), 'pawl.db') });
  await store.saveRun(newRun('r'));
  const evaluations = [scored(10, 1), scored(20, 1, { cut: 3, unended: 2 })];
  for (const evaluation of evaluations) {
    await store.saveCheckpoint('r', checkpoint(evaluation.step));
    await store.saveEvaluation('r', evaluation);
  }
  expect(await store.evaluations('r')).toEqual(evaluations);
  await store.close();
});
