import { describe, expect, test } from '@jest/globals';
import { learningRate } from '../../activities/data/learning-rate.ts';
import { judgeSettings, takeEffect, withAsked, type Changeable } from '../../domain/decide/live-changes.ts';
import { withLiveChanges } from '../../domain/spec/live-settings.ts';
import { fieldChanges, withSettings } from '../../domain/spec/spec-changes.ts';
import { RunSpec } from '../../domain/spec/spec.ts';
import type { LiveChange } from '../../domain/words/live-changes.ts';
import { experiment } from '../workflows/answering.ts';

const RATE = 'train.optimizer.learningRate';

const SPEC = experiment({
  train: { steps: 100, batchSize: 4, optimizer: { learningRate: 0.01 } },
  checkpoint: { every: 20 },
});

function change(number: number, fromStep: number, after: number): LiveChange {
  return { number, path: RATE, before: 0.01, after, fromStep, by: 'ada', askedAt: '2026-11-28T05:00:00.000Z' };
}

function running(more: Partial<Changeable> = {}): Changeable {
  return { runId: 'r-1', spec: SPEC, changes: [], asked: [], standing: 'live', stops: false, step: 45, ...more };
}

describe('a setting', () => {
  test('is told with what it was, and the state behind which it takes effect at the latest', () => {
    expect(judgeSettings(running(), { 'train.learningRate': 0.001 })).toEqual({
      changes: [{ path: RATE, before: 0.01, after: 0.001 }],
      atLatest: 60,
    });
    // Where nothing trains it takes effect at once.
    expect(judgeSettings(running({ standing: 'paused' }), { [RATE]: 0.001 })).toMatchObject({ atLatest: 45 });
  });

  test('compares with what was set before, and with what waits', () => {
    const changes = [change(1, 21, 0.002)];
    expect(judgeSettings(running({ changes }), { [RATE]: 0.002 })).toMatchObject({ changes: [] });
    const asked = [{ path: RATE, before: 0.002, after: 0.003, by: 'bo', askedAt: 't' }];
    expect(judgeSettings(running({ changes, asked }), { [RATE]: 0.002 })).toMatchObject({
      changes: [{ before: 0.003, after: 0.002 }],
    });
  });

  test.each([
    ['another field', {}, { 'train.batchSize': 16 }, 'pawl branch r-1 --set train.batchSize=16'],
    ['one field among others', {}, { [RATE]: 1e-4, 'budget.maxHours': 3 }, 'budget.maxHours cannot change'],
    ['no number', {}, { [RATE]: '1e-4' }, 'expected a number greater than 0, got "1e-4"'],
    ['nothing', {}, {}, 'nothing is set'],
    ['zero', {}, { [RATE]: 0 }, 'expected a number greater than 0, got 0'],
    ['a run that ends', { standing: 'finishing' }, { [RATE]: 1e-4 }, 'r-1 trains no more'],
    ['a run that was stopped', { stops: true }, { [RATE]: 1e-4 }, 'pawl branch r-1 --set train.optimizer.learningRate'],
    ['the last steps', { step: 81 }, { [RATE]: 1e-4 }, 'is its last, of step 100'],
    [
      'a run that was changed too often',
      { changes: Array.from({ length: 100 }, (_, at) => change(at + 1, at + 1, 0.01 + at)) },
      { [RATE]: 1e-4 },
      'was changed 100 times already',
    ],
  ] as [string, Partial<Changeable>, Record<string, unknown>, string][])(
    'of %s is refused',
    (_, run, settings, message) => {
      const judged = judgeSettings(running(run), settings);
      expect('refusal' in judged && judged.refusal).toContain(message);
    },
  );
});

describe('what is asked', () => {
  const asked = (after: number) => ({ path: RATE, before: 0.01, after, by: 'ada', askedAt: 't' });

  test('twice before it takes effect counts once, as the last word has it', () => {
    const waiting = withAsked([asked(0.002)], [asked(0.003)]);
    expect(takeEffect({ spec: SPEC, changes: [] }, waiting, 60)).toEqual([
      { ...asked(0.003), number: 1, fromStep: 61 },
    ]);
  });

  test('and taken back changes nothing; what follows is numbered on', () => {
    expect(takeEffect({ spec: SPEC, changes: [] }, [asked(0.01)], 60)).toEqual([]);
    const changes = [change(1, 21, 0.002)];
    expect(takeEffect({ spec: SPEC, changes }, [asked(0.01)], 60)).toEqual([
      { ...asked(0.01), before: 0.002, number: 2, fromStep: 61 },
    ]);
  });
});

describe('the rate of a step', () => {
  const schedule = { kind: 'linear', finalFraction: 0.1 };
  const falling = experiment({ train: { ...SPEC.train, schedule } });
  const changed = withLiveChanges(falling, [change(1, 41, 0.02), change(2, 61, 0.005)]);

  test('is that of the last change before it, on the schedule of the whole run', () => {
    for (const step of [1, 40, 41, 60, 61, 100]) {
      const peak = step > 60 ? 0.005 : step > 40 ? 0.02 : 0.01;
      expect(learningRate(changed.train, step)).toBeCloseTo((learningRate(falling.train, step) / 0.01) * peak, 15);
    }
  });

  test('without changes is what it was, and so is the experiment', () => {
    expect(withLiveChanges(falling, [])).toBe(falling);
    expect('rateChanges' in falling.train).toBe(false);
  });

  test('of an experiment with rates of its own follows them until it is changed', () => {
    const own = experiment({
      train: {
        ...SPEC.train,
        rateChanges: [
          { fromStep: 11, learningRate: 0.1 },
          { fromStep: 51, learningRate: 0.2 },
        ],
      },
    });
    const rates = (spec: RunSpec) => [10, 11, 31, 51, 100].map((step) => learningRate(spec.train, step));
    expect(rates(own)).toEqual([0.01, 0.1, 0.1, 0.2, 0.2]);
    expect(rates(withLiveChanges(own, [change(1, 31, 0.3)]))).toEqual([0.01, 0.1, 0.3, 0.3, 0.3]);
  });

  test('is an experiment’s like any other: a branch repeats it, and replaces it where it is set', () => {
    const again = RunSpec.parse(JSON.parse(JSON.stringify(changed)));
    expect(again).toEqual(changed);
    const set = RunSpec.parse(withSettings(changed, { 'train.learningRate': 0.5 }));
    expect(learningRate(set.train, 1)).toBe(0.5);
    expect(fieldChanges(changed, set).map(({ path }) => path)).toEqual([RATE, 'train.rateChanges']);
    expect(
      RunSpec.safeParse({
        ...changed,
        train: {
          ...changed.train,
          rateChanges: [
            { fromStep: 5, learningRate: 1 },
            { fromStep: 4, learningRate: 1 },
          ],
        },
      }).success,
    ).toBe(false);
  });
});
