import { describe, expect, test } from '@jest/globals';
import { Aimd } from '../../activities/backends/fireworks/aimd.ts';
import { createConcurrency } from '../../activities/backends/fireworks/concurrency.ts';
import { mergeMetrics } from '../../activities/backends/merge-metrics.ts';
import { failureOf } from './failure-of.ts';

const never = new AbortController().signal;

function intervals(aimd: Aimd, count: number, queueSeconds?: number): number {
  for (let i = 0; i < 32 * count; i += 1) aimd.completed(queueSeconds);
  return aimd.limit;
}

describe('the limit', () => {
  test('rises by what the queue leaves room for, between one and four', () => {
    expect(intervals(new Aimd(), 1, 0.01)).toBe(12);
    expect(intervals(new Aimd(), 1, 0.25)).toBe(10);
    expect(intervals(new Aimd(), 1, 0.5)).toBe(9);
    expect(intervals(new Aimd(), 1, 0)).toBe(12);
  });
  test('does not change within an interval', () => {
    const aimd = new Aimd();
    for (let i = 0; i < 31; i += 1) aimd.completed(0);
    expect(aimd.limit).toBe(8);
  });
  test('halves when prompts wait too long, down to one', () => {
    expect(intervals(new Aimd(), 1, 0.6)).toBe(4);
    expect(intervals(new Aimd(), 9, 0.6)).toBe(1);
  });
  test('follows a moving average, not one slow prompt', () => {
    const aimd = new Aimd();
    for (let i = 0; i < 31; i += 1) aimd.completed(0);
    aimd.completed(1);
    expect(aimd.limit).toBe(9);
  });
  test('ends at its maximum', () => {
    expect(intervals(new Aimd({ initial: 200 }), 40, 0)).toBe(256);
  });
  test('without queue times falls by refusals, once a second, and rises by one after a clean interval', () => {
    const aimd = new Aimd({ initial: 64 });
    aimd.congestion(1, 0);
    aimd.congestion(1, 999);
    expect(aimd.limit).toBe(32);
    aimd.congestion(3, 1000);
    expect(aimd.limit).toBe(8);
    expect(intervals(aimd, 1)).toBe(8);
    expect(intervals(aimd, 1)).toBe(9);
  });
  test('does not heed refusals where the server tells queue times', () => {
    const aimd = new Aimd();
    aimd.completed(0.1);
    aimd.congestion(1, 0);
    expect(aimd.limit).toBe(8);
  });
});

describe('slots', () => {
  test('are never more than the limit, and served in order', async () => {
    const concurrency = createConcurrency({ mode: 'fixed', limit: 3 });
    let running = 0;
    let most = 0;
    const order: number[] = [];
    const work = (index: number) => async (): Promise<void> => {
      order.push(index);
      most = Math.max(most, ++running);
      await new Promise(setImmediate);
      running -= 1;
    };
    await Promise.all(Array.from({ length: 20 }, (_, index) => concurrency.run(work(index), never)));
    expect(most).toBe(3);
    expect(order).toEqual(Array.from({ length: 20 }, (_, index) => index));
  });
  test('are given back by failures and by callers who leave the queue, once', async () => {
    const concurrency = createConcurrency({ mode: 'fixed', limit: 1 });
    const controller = new AbortController();
    const failing = concurrency.run(async () => {
      await new Promise(setImmediate);
      throw new Error('failed');
    }, never);
    const leaving = failureOf(concurrency.run(async () => undefined, controller.signal));
    controller.abort(new Error('left'));
    expect((await leaving).message).toBe('left');
    expect((await failureOf(failing)).message).toBe('failed');
    let running = 0;
    const counts = await Promise.all(
      [1, 2, 3].map(() =>
        concurrency.run(async () => {
          running += 1;
          await new Promise(setImmediate);
          return running--;
        }, never),
      ),
    );
    expect(counts).toEqual([1, 1, 1]);
  });
  test('a fixed limit does not adapt', async () => {
    const concurrency = createConcurrency({ mode: 'fixed', limit: 5 });
    await concurrency.run(async (slot) => {
      slot.turnedAway(3);
      for (let i = 0; i < 64; i += 1) slot.succeeded(9);
    }, never);
    expect(concurrency.limit).toBe(5);
  });
});

describe('metrics of chunks', () => {
  test('are reduced as their names say', () => {
    const parts = [
      {
        outputs: 3,
        metrics: { 'a:sum': 1, 'a:min': 1, 'a:max': 1, 'a:mean': 1, 'a:slack': 1, 'a:unique': 1, 'a:b:sum': 1 },
      },
      {
        outputs: 1,
        metrics: { 'a:sum': 5, 'a:min': 5, 'a:max': 5, 'a:mean': 5, 'a:slack': 5, 'a:unique': 5, 'a:b:sum': 2 },
      },
    ];
    expect(mergeMetrics(parts)).toEqual({
      'a:sum': 6,
      'a:min': 1,
      'a:max': 5,
      'a:mean': 2,
      'a:slack': 3,
      'a:unique': 1,
      'a:unique_1': 5,
      'a:b:sum': 3,
    });
  });
  test('are dropped where a part lacks them, or their reduction is unknown', () => {
    const first = { outputs: 1, metrics: { 'x:sum': 1, 'y:sum': 1, plain: 1, sum: 1, 'z:median': 1 } };
    const second = { outputs: 1, metrics: { 'x:sum': 1, plain: 1, sum: 1, 'z:median': 1, 'w:sum': 1 } };
    expect(mergeMetrics([first, second])).toEqual({ 'x:sum': 2 });
  });
  test('of an unordered hash do not depend on the order of the parts', () => {
    const part = (value: number): { outputs: number; metrics: Record<string, number> } => ({
      outputs: 1,
      metrics: { 'h:hash_unordered': value },
    });
    expect(mergeMetrics([part(1), part(2)])).toEqual(mergeMetrics([part(2), part(1)]));
    expect(mergeMetrics([part(1), part(2)])).not.toEqual(mergeMetrics([part(1), part(3)]));
  });
  test('of a single part are as they came', () => {
    expect(mergeMetrics([{ outputs: 1, metrics: { plain: 1, 'x:sum': Number.NaN } }])).toEqual({
      plain: 1,
      'x:sum': NaN,
    });
  });
});
