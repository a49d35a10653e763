import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { openStore, type Store } from '../../store/index.ts';
import type { PromotionRequest, PromotionState } from '../../domain/words/promotion.ts';
import { newFolder } from './fixtures.ts';

let store: Store;

beforeEach(async () => {
  store = await openStore({ path: join(await newFolder(), 'pawl.db') });
});

afterEach(() => store.close());

function request(id: string, alias = 'prod'): PromotionRequest {
  return {
    kind: 'promote',
    id,
    gate: { alias, margin: 0.01, approval: true, expiresHours: 24 },
    subject: { runId: `run-${id}`, checkpoint: 'step-000010-g1' },
    askedBy: 'ada',
    askedAt: `2026-11-26T10:00:0${id.length}.000Z`,
  };
}

async function move(id: string, ...states: PromotionState[]): Promise<void> {
  for (const state of states) await store.movePromotion(id, state, {});
}

async function crown(id: string, alias = 'prod'): Promise<void> {
  await store.savePromotion(request(id, alias));
  await move(id, 'evaluating', 'promoting', 'promoted');
}

const champions = async (alias = 'prod'): Promise<string[]> => (await store.champions(alias)).map(({ id }) => id);

describe('a promotion', () => {
  test('is written once, and gathers what is known of it', async () => {
    await store.savePromotion(request('a'));
    await store.savePromotion({ ...request('a'), askedBy: 'somebody else' });
    const comparisons = [
      {
        suite: 'main',
        metric: 'exact_match',
        candidate: { evaluation: 'e1', identity: 'i1', score: 1, missing: 0 },
        reference: { evaluation: 'e2', identity: 'i2', score: 0, missing: 0 },
        prompts: 8,
      },
    ];
    await store.movePromotion('a', 'evaluating', {});
    await store.movePromotion('a', 'awaiting-approval', { identity: 'i1', step: 10, comparisons, reason: 'better' });
    await store.movePromotion('a', 'promoting', { decidedBy: 'bob', decidedAt: '2026-11-26T11:00:00.000Z' });
    expect(await store.promotion('a')).toEqual({
      id: 'a',
      alias: 'prod',
      runId: 'run-a',
      checkpoint: 'step-000010-g1',
      state: 'promoting',
      gate: request('a').gate,
      askedBy: 'ada',
      askedAt: '2026-11-26T10:00:01.000Z',
      identity: 'i1',
      step: 10,
      comparisons,
      reason: 'better',
      decidedBy: 'bob',
      decidedAt: '2026-11-26T11:00:00.000Z',
    });
  });

  test('is not moved back by a worker that wakes up late', async () => {
    await crown('a');
    for (const late of ['evaluating', 'awaiting-approval', 'promoting', 'failed', 'expired'] as const)
      await move('a', late);
    expect(await store.promotion('a')).toMatchObject({ state: 'promoted', reign: 1 });
  });

  test('that ended otherwise is never the champion', async () => {
    await store.savePromotion(request('a'));
    await move('a', 'evaluating', 'refused', 'promoting', 'promoted');
    expect(await store.promotion('a')).toMatchObject({ state: 'refused' });
    expect(await champions()).toEqual([]);
  });
});

describe('the champion of an alias', () => {
  test('is the last one promoted; undone, it is the one before', async () => {
    await crown('a');
    await crown('bb');
    await crown('ccc', 'canary');
    expect(await champions()).toEqual(['bb', 'a']);
    expect(await champions('canary')).toEqual(['ccc']);
    // Said again by a worker that thinks it has not been said.
    await move('a', 'promoted');
    expect(await champions()).toEqual(['bb', 'a']);
    await move('bb', 'undone');
    await move('bb', 'promoted', 'undone');
    expect(await champions()).toEqual(['a']);
    await crown('dddd');
    expect(await champions()).toEqual(['dddd', 'a']);
    expect((await store.promotions({ alias: 'prod' })).map(({ id, reign }) => [id, reign])).toEqual([
      ['dddd', 3],
      ['bb', 2],
      ['a', 1],
    ]);
  });
});

describe('the audit', () => {
  test('is never written over', async () => {
    await store.savePromotion(request('a'));
    const event = { promotionId: 'a', event: 'waiting', at: '2026-11-26T10:00:00.000Z', by: 'ada' };
    await store.addPromotionEvent(event);
    await store.addPromotionEvent({ ...event, by: 'mallory', message: 'was me' });
    await store.addPromotionEvent({ ...event, event: 'evaluating' });
    expect(await store.promotionEvents('a')).toEqual([event, { ...event, event: 'evaluating' }]);
  });
  test('is of promotions that there are', async () => {
    const event = { promotionId: 'none', event: 'waiting', at: '2026-11-26T10:00:00.000Z' };
    await expect(store.addPromotionEvent(event)).rejects.toThrow();
  });
});
