import { expect, test } from '@jest/globals';
import { join } from 'node:path';
import { openStore } from '../../store/index.ts';
import { VALIDATION_LOSS } from '../../domain/words/names.ts';
import { checkpoint, newFolder, newRun, scored } from './fixtures.ts';

test('a validation stays with its checkpoint, whoever saves that again without it', async () => {
  const store = await openStore({ path: join(await newFolder(), 'pawl.db') });
  try {
    await store.saveRun(newRun('speller-1'));
    const validation = { loss: 1.25, rows: 40, tokens: 220, metrics: { 'rewards/accuracies': 0.75 } };
    const saved = checkpoint(20);
    await store.saveCheckpoint('speller-1', { ...saved, validation });
    await store.saveCheckpoint('speller-1', { ...saved, identity: 'step-000020-g1-r1' });
    const [report] = await store.checkpointReports('speller-1');
    expect(report?.checkpoint).toEqual({ ...saved, identity: 'step-000020-g1-r1', validation });
    await store.saveCheckpoint('speller-1', checkpoint(40));
    expect((await store.checkpointReports('speller-1'))[1]?.checkpoint.validation).toBeUndefined();
  } finally {
    await store.close();
  }
});

test('the best by validation is the lowest of those that were evaluated, the earliest of equals', async () => {
  const store = await openStore({ path: join(await newFolder(), 'pawl.db') });
  try {
    await store.saveRun(newRun('speller-1'));
    const best = async (): Promise<string | undefined> =>
      (await store.checkpointAt('speller-1', { kind: 'best', direction: 'minimize', suite: VALIDATION_LOSS }))
        ?.checkpoint.name;
    expect(await best()).toBeUndefined();
    for (const [step, loss] of [
      [0, 10.5],
      [20, 2.25],
      [40, 2.25],
      [60, 0.5],
    ] as const) {
      const saved = checkpoint(step);
      await store.saveCheckpoint('speller-1', { ...saved, validation: { loss, rows: 40, tokens: 220 } });
      // The last one could not be served.
      if (step < 60) await store.saveEvaluation('speller-1', scored(step, 1));
    }
    expect(await best()).toBe(checkpoint(20).name);
  } finally {
    await store.close();
  }
});
