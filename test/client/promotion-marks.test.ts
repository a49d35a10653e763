import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { openStore, type Store } from '../../store/index.ts';
import { promotionMarks } from '../../client/promotion/promotion-marks.ts';
import type { PromotionState } from '../../domain/words/promotion.ts';
import { newFolder } from '../store/fixtures.ts';

let store: Store;

beforeEach(async () => {
  store = await openStore({ path: join(await newFolder(), 'pawl.db') });
});

afterEach(() => store.close());

/** Asked in this order, each in a later second. */
let asked = 0;
async function promotion(checkpoint: string, alias: string, ...states: PromotionState[]): Promise<void> {
  const id = `${alias}-${++asked}`;
  await store.savePromotion({
    kind: 'promote',
    id,
    gate: { alias, margin: 0, approval: false, expiresHours: 24 },
    subject: { runId: 'run', checkpoint },
    askedBy: 'ada',
    askedAt: new Date(asked * 1000).toISOString(),
  });
  for (const state of states) await store.movePromotion(id, state, {});
}

const PROMOTED = ['evaluating', 'promoting', 'promoted'] as const;

test('a checkpoint is marked with what it is to each alias now, and with what it was', async () => {
  await promotion('step-10', 'prod', ...PROMOTED);
  await promotion('step-20', 'prod', ...PROMOTED);
  await promotion('step-30', 'prod', ...PROMOTED, 'undone');
  await promotion('step-20', 'canary', ...PROMOTED);
  await promotion('step-40', 'prod', 'evaluating', 'refused');
  await promotion('step-50', 'prod', 'evaluating', 'awaiting-approval');
  expect(Object.fromEntries(await promotionMarks(store))).toEqual({
    'run/step-10': ['was prod'],
    'run/step-20': ['prod', 'canary'],
    'run/step-30': ['prod undone'],
    'run/step-50': ['prod awaits approval'],
  });
});

test('what was undone and is promoted again is the champion', async () => {
  await promotion('step-10', 'prod', ...PROMOTED);
  await promotion('step-20', 'prod', ...PROMOTED, 'undone');
  await promotion('step-20', 'prod', ...PROMOTED);
  expect((await promotionMarks(store)).get('run/step-20')).toEqual(['prod']);
});
