/** A delivery that fails is tried for days, ever more rarely, and then no more. */
import { expect, test } from '@jest/globals';
import { retryAtMs } from '../../domain/decide/redelivery.ts';

const HOUR = 3_600_000;

test('soon at first, then every eight hours, for four days', () => {
  const waits: number[] = [];
  let nowMs = 0;
  for (let attempts = 1; ; attempts++) {
    const atMs = retryAtMs({ attempts, firstMs: 0, nowMs }, { spread: 0.5 });
    if (atMs === undefined) break;
    waits.push((atMs - nowMs) / 1_000);
    nowMs = atMs;
  }
  expect(waits.slice(0, 3)).toEqual([1.1, 5.5, 33]);
  for (const [index, wait] of waits.entries()) expect(wait).toBeGreaterThanOrEqual(waits[index - 1] ?? 0);
  expect(waits.at(-1)).toBeCloseTo((8 * HOUR * 1.1) / 1_000);
  expect(nowMs).toBeGreaterThanOrEqual(96 * HOUR);
  expect(nowMs).toBeLessThan(106 * HOUR);
  expect(waits.length).toBeLessThan(25);
});

test('whoever says how long to wait is heeded, but for no longer than pawl itself would wait', () => {
  const at = (hintMs: number): number | undefined =>
    retryAtMs({ attempts: 1, firstMs: 0, nowMs: 0 }, { spread: 0, hintMs });
  expect([at(0), at(120_000), at(1_000 * HOUR)]).toEqual([1_000, 120_000, 8 * HOUR]);
});
