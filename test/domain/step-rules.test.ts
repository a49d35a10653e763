import { describe, expect, test } from '@jest/globals';
import { firstBadStep, rulesFor, stepsLookedBack } from '../../domain/decide/step-rules.ts';

const steps = (...losses: number[]): { step: number; lossMean: number }[] =>
  losses.map((lossMean, index) => ({ step: index + 1, lossMean }));
const spike = { factor: 2, window: 4 };

describe('firstBadStep', () => {
  test('a loss that is no number is bad without any rule', () => {
    expect(firstBadStep({}, steps(1, 99, Number.NaN), 1)).toEqual({
      step: 3,
      reason: 'the loss of step 3 is not a finite number',
    });
    expect(firstBadStep({}, steps(1, Infinity), 1)?.step).toBe(2);
    expect(firstBadStep({}, steps(1, 99), 1)).toBeUndefined();
  });

  test('a loss above the limit is bad, one at the limit is not', () => {
    expect(firstBadStep({ maxLoss: 2 }, steps(1, 2, 2.5, 3), 1)).toEqual({
      step: 3,
      reason: 'the loss 2.500 of step 3 is above policy.maxLoss 2',
    });
    expect(firstBadStep({ maxLoss: 2 }, steps(1, 2), 1)).toBeUndefined();
  });

  test('a spike is measured by the median of the steps before it', () => {
    // The median of 1, 1, 3, 9 is 2; the mean would be 3.5.
    expect(firstBadStep({ spike }, steps(1, 9, 1, 3, 4.1), 1)).toEqual({
      step: 5,
      reason: 'the loss 4.100 of step 5 is 2.0 times the median 2.000 of the 4 steps before it (policy.spike.factor 2)',
    });
    expect(firstBadStep({ spike }, steps(1, 9, 1, 3, 4), 1)).toBeUndefined();
  });

  test('a spike is found where the loss is a hair beyond what the smallest one allows, and not at it', () => {
    const found = (last: number): unknown => firstBadStep({ spike, maxLoss: 5 }, steps(1, 1, 1, 1, last), 1)?.step;
    expect(found(2)).toBeUndefined();
    expect(found(2 + Number.EPSILON * 2)).toBe(5);
  });

  test('until there are enough steps before it, nothing is a spike', () => {
    expect(firstBadStep({ spike }, steps(1, 1, 1, 50), 1)).toBeUndefined();
  });

  test('however the steps are cut into windows, the answer is the same', () => {
    const all = steps(2, 2.1, 1.9, 2, 1.8, 1.7, 1.9, 5, 1.6, 1.5);
    const whole = firstBadStep({ spike }, all, 1);
    expect(whole?.step).toBe(8);
    for (const length of [1, 2, 3, 5, 7]) {
      let found;
      for (let from = 1; from <= all.length && found === undefined; from += length) {
        const first = from - 1 - stepsLookedBack({ spike });
        found = firstBadStep({ spike }, all.slice(Math.max(0, first), from - 1 + length), from);
      }
      expect(found).toEqual(whole);
    }
  });
});

test('of thousands of steps the first spike is found as by sorting the window of each', () => {
  const middle = (values: readonly number[]): number => {
    const sorted = values.toSorted((one, other) => one - other);
    const half = sorted.length / 2;
    return ((sorted[Math.ceil(half) - 1] ?? 0) + (sorted[Math.floor(half)] ?? 0)) / 2;
  };
  for (const window of [1, 2, 5, 50]) {
    for (let seed = 0; seed < 40; seed++) {
      // Few different values, so that many in a window are equal; now and then a high one.
      const losses = Array.from({ length: 400 }, (_, index) => {
        const noise = ((index + 1) * (seed * 2 + 7_919)) % 1_009;
        return 1 + (noise % 5) / 4 + (noise % 211 === 0 ? 1.2 : 0);
      });
      const expected = losses.findIndex(
        (loss, index) => index >= window && loss > 1.9 * middle(losses.slice(index - window, index)),
      );
      const found = firstBadStep({ spike: { factor: 1.9, window } }, steps(...losses), 1);
      expect(found?.step).toBe(expected < 0 ? undefined : expected + 1);
    }
  }
});

test('a window is told of the rules for steps only', () => {
  const policy = { direction: 'maximize' as const, minGain: 0, target: 0.5 };
  expect(rulesFor(policy)).toEqual({});
  expect(rulesFor({ ...policy, maxLoss: 3, spike })).toEqual({ rules: { maxLoss: 3, spike } });
});
