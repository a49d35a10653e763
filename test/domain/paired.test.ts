import { describe, expect, test } from '@jest/globals';
import { TAIL } from '../../domain/decide/statistics/distributions.ts';
import { differenceInterval, pairedDifference, requiredPairs } from '../../domain/decide/statistics/paired.ts';

const scores = (values: readonly number[], from = 0) =>
  values.map((score, index) => ({ promptHash: `p${index + from}`, score }));

describe('the interval of a mean difference', () => {
  const values = (...groups: readonly [count: number, value: number][]) =>
    groups.flatMap(([count, value]) => Array.from({ length: count }, () => value));

  test('of right and wrong is that of Bonett and Price', () => {
    // 100 prompts, 25 won and 5 lost, are 26 and 6 of 102: mean 20/102, variance (32 − 102 ⋅ (20/102)²)/101, and Student's
    // t of 101 degrees of freedom is 1.983731 (scipy 1.17.1, t.ppf(0.975, 101)).
    const { low, high } = differenceInterval(values([25, 1], [5, -1], [70, 0]));
    const centre = 20 / 102;
    const reach = 1.983731 * Math.sqrt((32 - 102 * centre ** 2) / 101 / 102);
    expect(low).toBeCloseTo(centre - reach, 6);
    expect(high).toBeCloseTo(centre + reach, 6);
  });

  test.each([
    ['the same score on each of ten prompts', values([10, 0])],
    ['the same gain on each of ten prompts', values([10, 0.25])],
    ['the whole gain on each of ten prompts', values([10, 1])],
    ['the same loss on each of two hundred prompts', values([200, -0.5])],
  ])('is never of no width: %s', (_, differences) => {
    const mean = differences[0] ?? Number.NaN;
    const { low, high } = differenceInterval(differences);
    expect(low).toBeLessThan(mean);
    expect(high).toBeGreaterThan(Math.min(mean, 0.999));
    expect(high).toBeLessThanOrEqual(1);
  });

  test('of few prompts says nothing, whatever they say', () => {
    // Five heads in five tosses come once in 32, six once in 64.
    expect(differenceInterval(values([2, 1])).low).toBeLessThanOrEqual(0);
    expect(differenceInterval(values([5, 1])).low).toBe(0);
    expect(differenceInterval(values([6, 1])).low).toBeGreaterThan(0);
    expect(differenceInterval(values([5, -1])).high).toBe(0);
    expect(differenceInterval(values([6, -1])).high).toBeLessThan(0);
  });

  test('is wider for one of many', () => {
    const differences = values([30, 1], [10, -1], [60, 0]);
    const alone = differenceInterval(differences);
    const chosen = differenceInterval(differences, TAIL / 50);
    expect(alone.low).toBeGreaterThan(0);
    expect(chosen.low).toBeLessThan(alone.low);
    expect(chosen.high).toBeGreaterThan(alone.high);
  });

  test('of 100,000 prompts is that of large numbers', () => {
    const differences = Array.from({ length: 100_000 }, (_, index) => (index % 20) / 19 - 0.25);
    // Variance of 0, 1/19, …, 1: (20² − 1)/12 ÷ 19².
    const reach = 1.959963984540054 * Math.sqrt((20 ** 2 - 1) / 12 / 19 ** 2 / 100_000);
    const { low, high } = differenceInterval(differences);
    expect(low).toBeCloseTo(0.25 - reach, 4);
    expect(high).toBeCloseTo(0.25 + reach, 4);
  });
});

describe('the paired difference', () => {
  test('is of the prompts that both answered', () => {
    const difference = pairedDifference(scores([0, 0.5, 1]), scores([1, 1, 9], 1));
    expect(difference).toMatchObject({ pairs: 2, mean: 0.25 });
    expect(pairedDifference(scores([1]), scores([1], 1))).toBeUndefined();
  });

  test('of one pair has no interval', () => {
    expect(pairedDifference(scores([0.25]), scores([1]))).toEqual({ mean: 0.75, pairs: 1 });
  });

  test('knows a gain that the scores alone would hide', () => {
    const baseline = Array.from({ length: 1_000 }, (_, index) => index / 1_000);
    const difference = pairedDifference(scores(baseline), scores(baseline.map((score) => score + 0.01)));
    expect(difference?.low).toBeGreaterThan(0.007);
    expect(difference?.high).toBeLessThan(0.013);
  });

  test('does not depend on the order of the rows', () => {
    const baseline = scores([0, 0.3, 0.9, 0.2]);
    const candidate = scores([0.5, 0.4, 0.1, 0.8]);
    expect(pairedDifference([...baseline].reverse(), [...candidate].reverse())).toEqual(
      pairedDifference(baseline, candidate),
    );
  });

  test('that may be none says how many prompts would settle it', () => {
    const candidate = scores([1, 0, 0, 0, 1, 0, 1, 0, 0, 0]);
    const baseline = scores([0, 1, 0, 0, 0, 0, 0, 0, 0, 0]);
    // Three ones, a minus one and six zeros, and a one and a minus one imagined: mean 0.2, variance (6 − 12/36)/11 = 17/33;
    // 7.848880 ⋅ 17/33/0.04 = 101.1.
    expect(pairedDifference(baseline, candidate)).toMatchObject({ pairs: 10, pairsToSettle: 102 });
    expect(pairedDifference(baseline, baseline)).not.toHaveProperty('pairsToSettle');
    // Two that agree are not enough, however surely: at least one more.
    expect(pairedDifference(scores([0, 0]), scores([1, 1]))?.pairsToSettle).toBeGreaterThan(2);
  });

  test('compares means where a prompt was sampled several times', () => {
    const thrice = [0, 0, 1].map((score) => ({ promptHash: 'p0', score }));
    expect(pairedDifference(thrice, scores([1]))?.mean).toBeCloseTo(2 / 3, 15);
  });
});

describe('the pairs that would settle it', () => {
  // (1.959964 + 0.841621)² = 7.848880: for effects of ½, ¼ and 1/10 of a standard deviation.
  test.each([
    [0.5, 32],
    [0.25, 126],
    [0.1, 785],
    [-0.5, 32],
  ])('for an effect of %d standard deviations are %d', (effect, expected) => {
    expect(requiredPairs({ effect, deviation: 1 })).toBe(expected);
  });

  test('do not exist for no effect', () => {
    expect(requiredPairs({ effect: 0, deviation: 1 })).toBe(Infinity);
    expect(requiredPairs({ effect: 0.1, deviation: 0 })).toBe(2);
  });
});
