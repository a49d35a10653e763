import { expect, test } from '@jest/globals';
import { join } from 'node:path';
import { baseModelOf } from '../../activities/run/base-model.ts';
import type { PromotionState } from '../../domain/words/promotion.ts';
import { openStore } from '../../store/index.ts';
import { newFolder } from '../store/fixtures.ts';

const SHAPES = 'accounts/fireworks/models/tiny';

test('a run begins from its shape’s model, from one that is named, or from what an alias stands for', async () => {
  const store = await openStore({ path: join(await newFolder(), 'pawl.db') });
  try {
    expect(await baseModelOf(store, undefined, SHAPES)).toBe(SHAPES);
    expect(await baseModelOf(store, 'accounts/me/models/mine', SHAPES)).toBe('accounts/me/models/mine');
    await expect(baseModelOf(store, 'alias:speaker', SHAPES)).rejects.toThrow(
      'model.base: the alias speaker stands for no model. Promote a checkpoint to it first (pawl promote RUN --to speaker;',
    );
    for (const [number, id] of ['first', 'second'].entries()) {
      await store.savePromotion({
        kind: 'promote',
        id,
        gate: { alias: 'speaker', margin: 0, approval: false, expiresHours: 24 },
        subject: { runId: `run-${id}`, checkpoint: 'step-000010-g1' },
        askedBy: 'ada',
        askedAt: `2026-11-26T10:00:0${number}.000Z`,
      });
      const way: PromotionState[] = ['evaluating', 'promoting', 'promoted'];
      for (const state of way) await store.movePromotion(id, state, { model: `accounts/me/models/${id}` });
      expect(await baseModelOf(store, 'alias:speaker', SHAPES)).toBe(`accounts/me/models/${id}`);
    }
  } finally {
    await store.close();
  }
});
