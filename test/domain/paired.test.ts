import { describe, expect, test } from '@jest/globals';
import { bootstrapInterval, pairedDifference, requiredPairs } from '../../domain/decide/statistics/paired.ts';

const scores = (values: readonly number[], from = 0) =>
  values.map((score, index) => ({ promptHash: `p${index + from}`, score }));

describe('the bootstrap interval of a mean', () => {
  test('of binary values is the quantiles of the binomial distribution', () => {
    // A resampled mean of 20 values, 10 of them 1, is Binomial(20, ½)/20. P(X ≤ 5) = 0.0207 and P(X ≤ 6) = 0.0577 (any
    // table of the binomial distribution), so its 2.5 % and 97.5 % quantiles are 6/20 and 14/20.
    const values = Array.from({ length: 20 }, (_, index) => index % 2);
    expect(bootstrapInterval(values)).toEqual({ low: 0.3, high: 0.7 });
    expect(bootstrapInterval(values, { seed: 5 })).toEqual({ low: 0.3, high: 0.7 });
  });

  test('of many values is the mean ± 1.96 standard errors', () => {
    const values = Array.from({ length: 400 }, (_, index) => (index % 20) / 19);
    // Variance of 0, 1/19, …, 1: (20² − 1)/12 ÷ 19².
    const reach = 1.959963984540054 * Math.sqrt((20 ** 2 - 1) / 12 / 19 ** 2 / 400);
    const { low, high } = bootstrapInterval(values, { resamples: 20_000 });
    expect(low).toBeCloseTo(0.5 - reach, 2);
    expect(high).toBeCloseTo(0.5 + reach, 2);
  });

  test('of skewed values is what scipy finds', () => {
    const values = [
      0.9, 0.1, 0.05, 0.3, -0.2, 0, 0, 0.7, 0.15, -0.1, 0.02, 0.4, 0, -0.05, 0.6, 0.08, 0, 0.25, -0.15, 0.03,
    ];
    // scipy 1.17.1, bootstrap((values,), mean, n_resamples=200_000, method='percentile'): 0.039 and 0.287, ± 0.0005 by seed.
    const many = bootstrapInterval(values, { resamples: 200_000 });
    expect(Math.abs(many.low - 0.039)).toBeLessThan(0.0015);
    expect(Math.abs(many.high - 0.287)).toBeLessThan(0.0015);
    // As many as are drawn to show a difference: within a fortieth of the width.
    const { low, high } = bootstrapInterval(values);
    expect(Math.abs(low - 0.039)).toBeLessThan(0.248 / 40);
    expect(Math.abs(high - 0.287)).toBeLessThan(0.248 / 40);
  });

  test('of two values is all of them: both are drawn twice in a quarter of the cases', () => {
    expect(bootstrapInterval([1, 3])).toEqual({ low: 1, high: 3 });
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
    const baseline = Array.from({ length: 100 }, (_, index) => index / 100);
    const difference = pairedDifference(scores(baseline), scores(baseline.map((score) => score + 0.01)));
    expect(difference?.low).toBeGreaterThan(0.009);
    expect(difference?.high).toBeLessThan(0.011);
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
    // Three ones, a minus one and six zeros: mean 0.2, variance (10 ⋅ 0.4 − 10 ⋅ 0.04)/9 = 0.4; 7.848880 ⋅ 0.4/0.04 = 78.5.
    expect(pairedDifference(baseline, candidate)).toMatchObject({ pairs: 10, pairsToSettle: 79 });
    expect(pairedDifference(baseline, baseline)).toEqual({ mean: 0, low: 0, high: 0, pairs: 10 });
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
