import { expect, test } from '@jest/globals';
import { join } from 'node:path';
import { openStore } from '../../store/index.ts';
import { checkpoint, newFolder, newRun } from './fixtures.ts';

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
