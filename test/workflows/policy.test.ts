import { describe, expect, test } from '@jest/globals';
import type { Evaluation, RunSpec } from '../../workflows/contracts.ts';
import { best, decide, judgeWindow } from '../../workflows/policy.ts';

const maximize: RunSpec['policy'] = { direction: 'maximize', minGain: 0 };

function scored(score: number, step: number, reach = 0.02): Evaluation {
  return {
    id: `run/${step}`,
    checkpoint: `step-${step}`,
    step,
    identity: `step-${step}-x`,
    promptSet: 'p',
    metric: 'exact_match',
    score,
    low: score - reach,
    high: score + reach,
    samples: 100,
    missing: 0,
  };
}

function history(...scores: number[]): Evaluation[] {
  return scores.map((score, index) => scored(score, index * 10));
}

function verdict(policy: RunSpec['policy'], scores: Evaluation[], step = 50): ReturnType<typeof decide> {
  return decide({ policy, evaluations: scores, step, steps: 100 });
}

describe('decide', () => {
  test('goes on from the baseline', () => {
    expect(verdict(maximize, history(0))).toEqual({ kind: 'continue', reason: 'baseline exact_match 0.0 %' });
  });

  test('goes on without rules, better or worse', () => {
    expect(verdict(maximize, history(0, 0.2)).kind).toBe('continue');
    expect(verdict(maximize, history(0, 0.2, 0.1))).toEqual({
      kind: 'continue',
      reason: 'exact_match 10.0 %: no better than 20.0 % at step 10',
    });
  });

  test('stops after the last step', () => {
    expect(verdict(maximize, history(0, 0.2), 100)).toEqual({ kind: 'stop', reason: 'all 100 steps are done' });
  });

  test('stops at a target that the whole interval passes', () => {
    expect(verdict({ ...maximize, target: 0.2 }, history(0, 0.23)).kind).toBe('stop');
  });

  test('is inconclusive at a target that only the mean passes, and says what would settle it', () => {
    const { kind, reason } = verdict({ ...maximize, target: 0.2 }, history(0, 0.21));
    expect(kind).toBe('inconclusive');
    // Half the distance needs four times the samples: 400, of which there are 100.
    expect(reason).toContain('about 300 more prompts');
  });

  test('reads a target the other way when less is better', () => {
    const minimize: RunSpec['policy'] = { direction: 'minimize', minGain: 0, target: 0.2 };
    expect(verdict(minimize, history(0.9, 0.17)).kind).toBe('stop');
    expect(verdict(minimize, history(0.9, 0.3)).kind).toBe('continue');
  });

  test('is patient for exactly as many evaluations as told', () => {
    const policy = { ...maximize, patience: 2 };
    expect(verdict(policy, history(0, 0.3, 0.2)).kind).toBe('continue');
    expect(verdict(policy, history(0, 0.3, 0.2, 0.3)).kind).toBe('stop');
  });

  test('counts only gains above the minimum', () => {
    const policy = { ...maximize, patience: 2, minGain: 0.05 };
    expect(verdict(policy, history(0, 0.3, 0.31, 0.34)).kind).toBe('stop');
    expect(verdict(policy, history(0, 0.3, 0.31, 0.36)).kind).toBe('continue');
  });
});

describe('best', () => {
  test('the earliest of equals, in the direction asked for', () => {
    expect(best('maximize', history(0.1, 0.3, 0.3))?.step).toBe(10);
    expect(best('minimize', history(0.3, 0.1, 0.1))?.step).toBe(10);
    expect(best('maximize', [])).toBeUndefined();
  });
});

describe('judgeWindow', () => {
  const facts = { policy: maximize, budget: {}, maxLossMean: 2, rentedHours: 1, costPerHour: 10 };

  test('goes on while nothing is wrong', () => {
    expect(judgeWindow({ ...facts, budget: { maxHours: 2, maxCost: 11 } })).toBeUndefined();
  });

  test('a loss that is no number diverges', () => {
    expect(judgeWindow({ ...facts, nonFiniteStep: 7 })).toEqual({
      kind: 'stop',
      reason: 'the loss of step 7 is not a finite number',
      diverged: true,
    });
  });

  test('a loss above the limit diverges', () => {
    expect(judgeWindow({ ...facts, policy: { ...maximize, maxLoss: 1.5 } })).toMatchObject({ diverged: true });
  });

  test('a spent budget stops, and the weights are kept', () => {
    expect(judgeWindow({ ...facts, budget: { maxHours: 1 } })).toMatchObject({ kind: 'stop', diverged: false });
    expect(judgeWindow({ ...facts, budget: { maxCost: 10 } })).toMatchObject({ kind: 'stop', diverged: false });
  });
});
