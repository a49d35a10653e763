import { describe, expect, test } from '@jest/globals';
import { unspent } from '../../domain/decide/budget.ts';
import type { RunSpec } from '../../domain/spec/spec.ts';
import { judgeWindow } from '../../domain/decide/window-verdict.ts';

const policy: RunSpec['policy'] = { direction: 'maximize', minGain: 0 };
const used = { hours: 1, cost: 10, tokens: 5000 };
const facts = { policy, budget: {}, used, result: { maxLossMean: 2 } };

describe('judgeWindow', () => {
  test('goes on while nothing is wrong', () => {
    expect(judgeWindow({ ...facts, budget: { maxHours: 2, maxCost: 11, maxTokens: 5001 } })).toBeUndefined();
  });

  test('a bad step diverges, by its own reason', () => {
    const badStep = { step: 7, reason: 'the loss of step 7 is not a finite number' };
    expect(judgeWindow({ ...facts, result: { badStep } })).toEqual({ reason: badStep.reason, diverged: true });
  });

  test('so does what an activity of the first version reports', () => {
    expect(judgeWindow({ ...facts, result: { nonFiniteStep: 7 } })).toEqual({
      reason: 'the loss of step 7 is not a finite number',
      diverged: true,
    });
    expect(judgeWindow({ ...facts, policy: { ...policy, maxLoss: 1.5 } })).toMatchObject({ diverged: true });
  });

  test.each([
    [{ maxHours: 1 }, 'budget.maxHours of 1 is used up: 1.00 hours'],
    [{ maxCost: 9, maxTokens: 1 }, 'budget.maxCost of 9 is used up: 10.00 in cost'],
    [{ maxTokens: 4999 }, 'budget.maxTokens of 4999 is used up: 5000 tokens'],
  ])('a spent budget stops, says what was used, and the weights are kept: %j', (budget, reason) => {
    expect(judgeWindow({ ...facts, budget })).toEqual({ reason, diverged: false });
  });
});

describe('unspent', () => {
  test('tells what is left of each limit, and nothing where there is none', () => {
    expect(unspent({}, used)).toBeUndefined();
    expect(unspent({ maxHours: 4, maxCost: 5, maxTokens: 8000 }, used)).toBe(
      '3.00 of 4 hours, 0.00 of 5 in cost, 3000 of 8000 tokens',
    );
  });
});
