import { describe, expect, test } from '@jest/globals';
import { passAtK } from '../../domain/decide/statistics/pass-at-k.ts';

/** C(n, k), exactly. */
function choose(n: number, k: number): bigint {
  let result = 1n;
  for (let i = 1; i <= k; i++) result = (result * BigInt(n - k + i)) / BigInt(i);
  return result;
}

describe('pass@k', () => {
  test.each([
    [5, 2, 2, 0.7],
    [10, 3, 5, 1 - 21 / 252],
    [200, 1, 100, 0.5],
    [4, 0, 4, 0],
    [4, 4, 1, 1],
    [4, 2, 3, 1],
    [100, 37, 1, 0.37],
  ])('of %d answers with %d right and k = %d is %d', (n, correct, k, expected) => {
    expect(passAtK({ n, correct, k })).toBeCloseTo(expected, 14);
  });

  test('is 1 − C(n − c, k)/C(n, k) where the factorials of floating point overflow', () => {
    for (const [n, correct, k] of [
      [200, 10, 10],
      [500, 3, 100],
      [1_000, 100, 50],
    ] as const) {
      const scale = 10n ** 18n;
      const exact = 1 - Number((choose(n - correct, k) * scale) / choose(n, k)) / 1e18;
      expect(passAtK({ n, correct, k })).toBeCloseTo(exact, 12);
    }
  });

  test.each([
    [3, 4, 1],
    [3, 1, 4],
    [3, 1, 0],
    [3, 0.5, 1],
  ])('of %d answers, %d right, k = %d does not exist', (n, correct, k) => {
    expect(() => passAtK({ n, correct, k })).toThrow(RangeError);
  });
});
