import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { join } from 'node:path';
import { fingerprint, warnIfFrozen } from '../../activities/run/frozen.ts';
import { openStore, type Store } from '../../store/index.ts';
import { newFolder, newRun, produced, scored } from '../store/fixtures.ts';

const RUN = 'speller-1';
let store: Store;

beforeEach(async () => {
  store = await openStore({ path: join(await newFolder(), 'pawl.db') });
  await store.saveRun(newRun(RUN));
});

afterEach(() => store.close());

async function evaluated(step: number, logprob: number, tokens = [1, 2], change: { identity?: string } = {}) {
  const evaluation = scored(step, 1, change);
  for (const index of [0, 1]) {
    await store.saveSample(evaluation.id, produced(index, { tokens, meanLogprob: logprob - index, latencyMs: step }));
  }
  const answers = fingerprint(await store.samples(evaluation.id));
  // Twice, as a retry would.
  for (let attempt = 0; attempt < 2; attempt++) await warnIfFrozen(store, RUN, evaluation, answers);
  await store.saveEvaluation(RUN, evaluation, { scores: [], ...(answers !== undefined && { answers }) });
}

async function warnings(): Promise<string[]> {
  return (await store.events(RUN)).map(({ key, level, message }) => `${key} ${level} ${message}`);
}

describe('an evaluation whose answers are the same to the last bit', () => {
  test('as those of an earlier checkpoint raises one warning', async () => {
    await evaluated(0, -1);
    await evaluated(20, -2);
    await evaluated(40, -1);
    expect(await warnings()).toEqual([
      expect.stringMatching(/^frozen\/run\/step-40\/a1 warn step-40: every answer is the same, .* as at step-0: /),
    ]);
  });

  test('as those of a few steps earlier, or of the same weights, raises none', async () => {
    await evaluated(20, -1);
    await evaluated(29, -1);
    await evaluated(40, -1, [1, 2], { identity: 'snapshot-20' });
    expect(await warnings()).toEqual([expect.stringContaining('as at step-29')]);
  });
});

test('answers that are the same, but not as likely, come from other weights', async () => {
  await evaluated(0, -1);
  await evaluated(20, -0.5);
  expect(await warnings()).toEqual([]);
});

test('answers to other prompts are not compared', async () => {
  await evaluated(0, -1);
  const other = scored(20, 1, { promptSet: 'd'.repeat(64) });
  await warnIfFrozen(store, RUN, other, fingerprint(await store.samples(scored(0, 1).id)));
  expect(await warnings()).toEqual([]);
});
