import { describe, expect, test } from '@jest/globals';
import { interval, studentInterval } from '../../domain/decide/statistics/intervals.ts';

describe('the interval of binary scores', () => {
  // scipy 1.17.1, binomtest(k, n).proportion_ci(0.95, 'wilson'). The first four are also in R. G. Newcombe, "Two-sided
  // confidence intervals for the single proportion", Statistics in Medicine 17 (1998), table I, method 3.
  test.each([
    [81, 263, 0.2552885198782742, 0.36620957698280004],
    [15, 148, 0.06238639953073629, 0.16048724172330803],
    [0, 20, 0, 0.16112515805281935],
    [1, 29, 0.006113214292762667, 0.17175521879320282],
    [29, 29, 0.8830302015002592, 1],
    [7, 10, 0.39677814746114526, 0.892208732593699],
    [1, 1, 0.20654931437723745, 1],
    [500, 1_000, 0.4690696003681042, 0.5309303996318958],
  ])('of %d in %d', (successes, n, low, high) => {
    const scores = Array.from({ length: n }, (_, index) => (index < successes ? 1 : 0));
    const result = interval(scores, { binary: true });
    expect(result.mean).toBe(successes / n);
    expect(result.low).toBeCloseTo(low, 12);
    expect(result.high).toBeCloseTo(high, 12);
  });
});

describe('the interval of other scores', () => {
  // scipy 1.17.1, ttest_1samp(values, 0).confidence_interval(0.95).
  test.each([
    ['two', [0.2, 0.4], -0.9706204736174695, 1.5706204736174696],
    ['three', [0.1, 0.5, 0.9], -0.4936550847001321, 1.4936550847001322],
    ['four', [0.25, 0.5, 0.75, 1], 0.11143493580986985, 1.1385650641901301],
    ['fifty', Array.from({ length: 50 }, (_, index) => (index % 7) / 7), 0.3369940223229649, 0.503005977677035],
    ['a thousand', Array.from({ length: 1_001 }, (_, index) => index / 1_000), 0.48206847232415556, 0.5179315276758445],
    [
      // The example of R's manual, t.test(sleep$extra), gives 0.5955845 to 2.4844155.
      "Student's own sleep data",
      [0.7, -1.6, -0.2, -1.2, -0.1, 3.4, 3.7, 0.8, 0, 2, 1.9, 0.8, 1.1, 0.1, -0.1, 4.4, 5.5, 1.6, 4.6, 3.4],
      0.5955844996196042,
      2.484415500380396,
    ],
  ])('of %s', (_, values, low, high) => {
    const result = studentInterval(values);
    expect(result.low).toBeCloseTo(low, 10);
    expect(result.high).toBeCloseTo(high, 10);
  });

  test('stays between 0 and 1', () => {
    expect(interval([0.1, 0.5, 0.9], { binary: false })).toEqual({ mean: 0.5, low: 0, high: 1 });
  });

  test('of one score is all that is possible', () => {
    expect(interval([0.4], { binary: false })).toEqual({ mean: 0.4, low: 0, high: 1 });
  });

  test.each([
    [0.5, 2],
    [0, 30],
    [1, 30],
    [0.9, 400],
  ])('is never of no width where all are %d (%d of them)', (score, count) => {
    const result = interval(Array(count).fill(score), { binary: false });
    expect(result.mean).toBeCloseTo(score, 12);
    expect(result.high - result.low).toBeGreaterThan(1 / count);
    expect(result.low).toBeLessThanOrEqual(score);
    expect(result.high).toBeGreaterThanOrEqual(score);
  });

  test('of many scores is that of Student, with a 0 and a 1 imagined', () => {
    const values = Array.from({ length: 50 }, (_, index) => (index % 7) / 7);
    const { low, high } = interval(values, { binary: false });
    // scipy 1.17.1: ttest_1samp([*values, 0, 1], 0).confidence_interval(0.95)
    expect(low).toBeCloseTo(0.33863071411490475, 10);
    expect(high).toBeCloseTo(0.5075231320389414, 10);
  });

  test('of none does not exist', () => {
    expect(() => interval([], { binary: false })).toThrow('no scores have no mean');
    expect(() => interval([], { binary: true })).toThrow(RangeError);
  });
});
