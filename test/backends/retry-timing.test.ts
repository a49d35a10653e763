import { describe, expect, test } from '@jest/globals';
import { retryDelayMs, ruleFor, type RetryRule } from '../../activities/backends/fireworks/retry-timing.ts';
import { DEFAULT_RETRIES } from '../../activities/backends/fireworks/tables.ts';

const rule: RetryRule = {
  on: ['network', 429, '5xx'],
  firstMs: 1_000,
  maxMs: 30_000,
  jitter: [1, 1],
  times: 5,
  budgetMs: 300_000,
  hintMaxMs: 60_000,
};
const chance = { random: 0.5, nowMs: Date.parse('2026-09-01T10:00:00Z') };

function delay(repeats: number, headers = {}, elapsedMs = 0, changes: Partial<RetryRule> = {}): number | 'give up' {
  return retryDelayMs(
    { ...rule, times: Infinity, ...changes },
    { cause: 503, headers },
    { repeats, elapsedMs },
    chance,
  );
}

describe('delay', () => {
  test('doubles up to the longest', () => {
    expect([0, 1, 2, 3, 4, 5, 20].map((repeats) => delay(repeats))).toEqual([
      1_000, 2_000, 4_000, 8_000, 16_000, 30_000, 30_000,
    ]);
  });
  test('is spread between the two bounds of the jitter', () => {
    const spread = { ...rule, jitter: [0.5, 1.5] as const };
    const at = (random: number): number | 'give up' =>
      retryDelayMs(spread, { cause: 503 }, { repeats: 0, elapsedMs: 0 }, { ...chance, random });
    expect([at(0), at(0.5), at(0.75)]).toEqual([500, 1_000, 1_250]);
  });
  test('gives up after the last repeat', () => {
    expect(delay(4, {}, 0, { times: 5 })).toBe(16_000);
    expect(delay(5, {}, 0, { times: 5 })).toBe('give up');
  });
  test('gives up when the wait would end after the budget', () => {
    expect(delay(0, {}, 299_000)).toBe(1_000);
    expect(delay(0, {}, 299_001)).toBe('give up');
  });
});

describe('hint of the server', () => {
  test('retry-after in seconds lengthens the delay', () => {
    expect(delay(0, { 'retry-after': '7' })).toBe(7_000);
  });
  test('retry-after as a date is counted from now', () => {
    expect(delay(0, { 'retry-after': 'Tue, 01 Sep 2026 10:00:12 GMT' })).toBe(12_000);
  });
  test('retry-after-ms wins over retry-after', () => {
    expect(delay(0, { 'retry-after-ms': '2500', 'retry-after': '7' })).toBe(2_500);
  });
  test('does not shorten the delay', () => {
    expect(delay(2, { 'retry-after-ms': '1' })).toBe(4_000);
  });
  test('is obeyed only up to the limit', () => {
    expect(delay(0, { 'retry-after': '86400' })).toBe(60_000);
  });
  test('is ignored when it is not understood', () => {
    expect(delay(0, { 'retry-after': 'soon' })).toBe(1_000);
    expect(delay(0, { 'retry-after': '-5' })).toBe(1_000);
  });
});

describe('rule', () => {
  test('is the first that names the failure', () => {
    expect(ruleFor([rule], { cause: 503 })).toBe(rule);
    expect(ruleFor([rule], { cause: 'network' })).toBe(rule);
    expect(ruleFor([rule], { cause: 'timeout' })).toBeUndefined();
    expect(ruleFor([rule], { cause: 400 })).toBeUndefined();
  });
  test('x-should-retry: false makes any failure final', () => {
    expect(ruleFor([rule], { cause: 503, headers: { 'x-should-retry': 'false' } })).toBeUndefined();
  });
  test('x-should-retry: true makes any failure repeatable', () => {
    expect(ruleFor([rule], { cause: 400, headers: { 'x-should-retry': 'true' } })).toBe(rule);
    expect(ruleFor([], { cause: 400, headers: { 'x-should-retry': 'true' } })).toBeUndefined();
  });
});

describe('tables', () => {
  test.each([
    ['controlPlane', [408, 429, 500, 502, 503, 504], [400, 401, 403, 404, 409, 425, 501]],
    ['admission', [402, 408, 409, 429, 500, 501, 599], [400, 401, 403, 404, 410, 422]],
    ['retrieve', [400, 402, 429, 500, 503], [401, 403, 404, 409, 410, 422]],
    ['hotLoad', [425, 429, 503], [400, 404, 409]],
    ['sample', [404, 408, 425, 429, 500, 502, 503, 504], [400, 401, 403, 422]],
  ] as const)('%s repeats %j and not %j', (group, repeated, final) => {
    const policy = DEFAULT_RETRIES[group];
    expect(repeated.filter((cause) => ruleFor(policy, { cause }) === undefined)).toEqual([]);
    expect(final.filter((cause) => ruleFor(policy, { cause }) !== undefined)).toEqual([]);
  });
});
