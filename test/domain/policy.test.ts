import { describe, expect, test } from '@jest/globals';
import type { CheckpointReport, Verdict } from '../../domain/words/run.ts';
import type { Evaluation } from '../../domain/words/evaluation.ts';
import type { RunSpec } from '../../domain/spec/spec.ts';
import { courseOf } from '../../domain/decide/course.ts';
import { decide, decideOn } from '../../domain/decide/policy.ts';
import { settleLimit } from '../../domain/decide/policy-rules.ts';
import { best, branchPoint, judgedEvaluations } from '../../domain/decide/policy-scores.ts';

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
  return decide({ policy, course: courseOf(policy, scores), step, steps: 100 });
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

describe('a plateau', () => {
  const branches = [{ 'train.optimizer.learningRate': 0.003 }, { 'train.optimizer.learningRate': 0.001 }];
  const plateau = { patience: 2, minGain: 0.01, trial: 1 };

  test('stops the run that has no branches', () => {
    expect(verdict({ ...maximize, plateau }, history(0, 0.3, 0.2))).toMatchObject({ kind: 'continue' });
    expect(verdict({ ...maximize, plateau }, history(0, 0.3, 0.2, 0.3))).toEqual({
      kind: 'stop',
      reason: 'plateau: no gain above 1.0 % over 30.0 % in 2 evaluations',
    });
  });

  test('branches from the best checkpoint, and says what the branches change', () => {
    const policy = { ...maximize, plateau: { ...plateau, branches } };
    const scores = history(0, 0.3, 0.305, 0.1);
    expect(verdict(policy, scores)).toEqual({
      kind: 'branch',
      reason:
        'plateau: no gain above 1.0 % over 30.0 % in 2 evaluations; branches from step-20: ' +
        'train.optimizer.learningRate=0.003 | train.optimizer.learningRate=0.001',
      keep: 'step-20',
    });
    expect(branchPoint(policy, scores)).toBe('step-20');
  });

  test('is told before patience runs out, and after the last step no more', () => {
    const policy = { ...maximize, patience: 2, plateau: { ...plateau, branches } };
    expect(verdict(policy, history(0, 0.3, 0.2, 0.2)).kind).toBe('branch');
    expect(verdict(policy, history(0, 0.3, 0.2, 0.2), 100).kind).toBe('stop');
  });
});

describe('noise', () => {
  const policy = { ...maximize, patience: 1 };

  test('is named where the difference lies within the interval', () => {
    const noise = 'a difference within its interval';
    expect(verdict(maximize, history(0.2, 0.21)).reason).toContain(noise);
    expect(verdict(policy, history(0.2, 0.19)).reason).toContain(noise);
    expect(verdict(maximize, history(0.2, 0.25)).reason).not.toContain(noise);
    expect(verdict(policy, history(0.2, 0.1)).reason).not.toContain(noise);
    expect(verdict(policy, history(0.2, 0.2)).reason).not.toContain(noise);
  });
});

describe('an entropy', () => {
  const policy = { ...maximize, minEntropy: 0.1, target: 0.2 };
  const collapsed = { ...scored(0.9, 30), entropy: 0.05 };

  test('below the limit diverges, target or not, and the best checkpoint before it is kept', () => {
    expect(verdict(policy, [...history(0, 0.1, 0.05), collapsed])).toEqual({
      kind: 'stop',
      reason: 'an entropy of 0.050 nats per token is below policy.minEntropy 0.1',
      diverged: true,
      keep: 'step-10',
    });
  });

  test('at the limit, or not known, is fine', () => {
    expect(verdict(policy, [...history(0, 0.1), { ...collapsed, score: 0.1, entropy: 0.1 }]).kind).toBe('continue');
    expect(verdict(policy, history(0, 0.1)).kind).toBe('continue');
  });
});

describe('decideOn', () => {
  const policy = { ...maximize, suite: 'hard', target: 0.2 };
  const report = (step: number, main: number, hard?: number): CheckpointReport => ({
    checkpoint: {
      name: `step-${step}`,
      step,
      generation: 1,
      statePath: '',
      snapshotType: 'base',
      identity: `step-${step}-x`,
    },
    evaluation: scored(main, step),
    ...(hard !== undefined && { suites: [{ ...scored(hard, step), suite: 'hard' }] }),
  });
  const decideLast = (...reports: CheckpointReport[]): Verdict => {
    const last = reports.at(-1) as CheckpointReport;
    return decideOn({
      policy,
      course: courseOf(policy, judgedEvaluations(policy, reports)),
      checkpoint: last.checkpoint,
      steps: 100,
    });
  };

  test('judges the suite that the policy names', () => {
    expect(decideLast(report(0, 0.9, 0), report(10, 0.9, 0.1)).kind).toBe('continue');
    expect(decideLast(report(0, 0, 0), report(10, 0, 0.5)).kind).toBe('stop');
  });

  test('a suite that is not due has no say, and its last score counts once', () => {
    expect(decideLast(report(0, 0, 0.5), report(10, 0.9))).toEqual({
      kind: 'continue',
      reason: 'suite hard is not due at step 10',
    });
    expect(decideLast(report(0, 0, 0.5), report(100, 0.9)).kind).toBe('stop');
  });
});

describe('settleLimit', () => {
  const policy = { ...maximize, target: 0.2, settle: true };
  // Half the distance of the interval needs four times the prompts.
  const open = scored(0.21, 10);

  test('asks as many prompts in all as the interval needs, and no more than there are', () => {
    expect(settleLimit(policy, open, { asked: 100, prompts: 1000 })).toBe(400);
    expect(settleLimit(policy, open, { asked: 100, prompts: 250 })).toBe(250);
    expect(settleLimit(policy, open, { asked: 100, prompts: 100 })).toBeUndefined();
  });

  test('counts prompts, where each has several answers', () => {
    const several = { ...open, samples: 400, prompts: 100 };
    expect(settleLimit(policy, several, { asked: 100, prompts: 1000 })).toBe(400);
  });

  test('grows by half at the least, and to the whole set where no number would settle it', () => {
    expect(settleLimit(policy, scored(0.2199, 10), { asked: 100, prompts: 1000 })).toBe(150);
    expect(settleLimit(policy, scored(0.2, 10), { asked: 100, prompts: 1000 })).toBe(1000);
  });

  test('leaves alone what is clear, and runs that did not ask for it', () => {
    for (const clear of [scored(0.1, 10), scored(0.3, 10)]) {
      expect(settleLimit(policy, clear, { asked: 100, prompts: 1000 })).toBeUndefined();
    }
    const { settle: _, ...unsettled } = policy;
    expect(settleLimit(unsettled, open, { asked: 100, prompts: 1000 })).toBeUndefined();
  });

  test('reads the target the other way when less is better', () => {
    const minimize = { ...policy, direction: 'minimize' as const };
    expect(settleLimit(minimize, scored(0.19, 10), { asked: 100, prompts: 1000 })).toBe(400);
  });
});

describe('a policy by validation loss', () => {
  const rule = {
    ...maximize,
    patience: 2,
    minGain: 0.01,
    target: 0.5,
    suite: 'validation-loss',
    direction: 'minimize' as const,
  };

  function measured(losses: readonly (number | undefined)[], proved = true): CheckpointReport[] {
    return losses.map((loss, at) => {
      const step = at * 10;
      const name = `step-${step}`;
      const found = { name, step, generation: 1, statePath: name, snapshotType: 'base' as const, identity: name };
      return {
        checkpoint: { ...found, ...(loss !== undefined && { validation: { loss, rows: 20, tokens: 90 } }) },
        ...(proved && { evaluation: scored(0.1, step) }),
      };
    });
  }

  function onLosses(losses: readonly (number | undefined)[]): { kind: string; reason: string } {
    const reports = measured(losses);
    const last = reports.at(-1)?.checkpoint;
    if (last === undefined) throw new Error('no checkpoint');
    return decideOn({
      policy: rule,
      course: courseOf(rule, judgedEvaluations(rule, reports)),
      checkpoint: last,
      steps: 1_000,
    });
  }

  test('goes on while it falls, and stops where it does not any more', () => {
    expect(onLosses([2.5, 2.4])).toEqual({
      kind: 'continue',
      reason: 'validation loss 2.4000: 0.1000 better than the best before',
    });
    expect(onLosses([2.5, 2.4, 2.395, 2.41])).toEqual({
      kind: 'stop',
      reason: 'no gain above 0.0100 over 2.4000 in 2 evaluations',
    });
    expect(branchPoint(rule, judgedEvaluations(rule, measured([2.5, 2.3, 2.4])))).toBe('step-10');
  });

  test('stops at its target, and has nothing to say where no loss is known', () => {
    expect(onLosses([2.5, 0.5])).toMatchObject({
      kind: 'stop',
      reason: expect.stringContaining('validation loss 0.5000 reaches the target 0.5000'),
    });
    expect(onLosses([2.5, undefined])).toEqual({
      kind: 'continue',
      reason: 'the validation loss is not known at step 10',
    });
    expect(judgedEvaluations(rule, measured([2.5], false))).toEqual([]);
  });
});
