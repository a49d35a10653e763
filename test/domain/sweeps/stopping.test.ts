import { readFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, test } from '@jest/globals';
import { replayStops } from '../../../domain/decide/stopping/replay-stops.ts';
import { bracketCount, bracketOf } from '../../../domain/decide/stopping/rungs.ts';
import { stopVerdict } from '../../../domain/decide/stopping/verdict.ts';
import { SweepSpec, type StopEarly } from '../../../domain/spec/sweep-spec.ts';
import type { Goal, StopVerdict, Trial, TrialScore, TrialState } from '../../../domain/words/sweep.ts';

function ruleOf(stopEarly: object): StopEarly {
  const sweep = {
    name: 'own',
    experiment: 'own.yaml',
    method: 'random',
    trials: 9,
    parameters: { a: { values: [1, 2] } },
  };
  const { stopEarly: rule } = SweepSpec.parse({ ...sweep, stopEarly });
  if (rule === undefined) throw new Error('no rule');
  return rule;
}

type Event = [trial: number, step: number, score: number, stopped: boolean, ended: boolean];

interface Recorded {
  readonly cases: readonly { name: string; stopEarly: object; goal: Goal; events: Event[] }[];
}

const recorded = JSON.parse(readFileSync(path.join(__dirname, 'oracle/stops.json'), 'utf8')) as Recorded;

/** The trials of a sweep while its scores come in; each is judged when it comes. */
class Arriving {
  readonly trials = new Map<number, Trial>();
  private order = 0;
  private readonly rule: Parameters<typeof stopVerdict>[0];

  constructor(rule: Parameters<typeof stopVerdict>[0]) {
    this.rule = rule;
  }

  score(number: number, step: number, value: number, more: Partial<TrialScore> = {}): StopVerdict | undefined {
    const score = { step, value, order: this.order++, ...more };
    const scores = [...(this.trials.get(number)?.scores ?? []), score];
    this.trials.set(number, { number, parameters: {}, state: 'running', scores });
    return this.ask(number, score.order);
  }

  ask(number: number, order: number): StopVerdict | undefined {
    return stopVerdict(this.rule, [...this.trials.values()], { number, order });
  }

  end(number: number, state: TrialState): void {
    const trial = this.trials.get(number);
    if (trial !== undefined) this.trials.set(number, { ...trial, state });
  }
}

describe('on recorded learning curves', () => {
  test.each(recorded.cases)(
    'the same trials are stopped at the same scores as by Optuna: $name',
    ({ stopEarly, goal, events }) => {
      const rule = { stopEarly: ruleOf(stopEarly), goal, seed: 1 };
      const sweep = new Arriving(rule);
      const verdicts = events.map(([number, step, value, stopped, ended]) => {
        const verdict = sweep.score(number, step, value);
        if (stopped) sweep.end(number, 'stopped');
        else if (ended) sweep.end(number, 'finished');
        return verdict;
      });
      expect(verdicts.map((verdict) => verdict?.stop)).toEqual(events.map(([, , , stopped]) => stopped));
      expect(events.filter(([, , , stopped]) => stopped).length).toBeGreaterThan(10);
      // Asked again once everything is over, each score has the verdict that it had.
      const again = events.map(([number], order) => sweep.ask(number, order));
      expect(again).toEqual(verdicts);
    },
  );

  test('a replay of the rule itself stops what was stopped; a milder one does not know what had become of it', () => {
    const [first] = recorded.cases;
    if (first === undefined) throw new Error('nothing recorded');
    const trials = new Map<number, Trial>();
    for (const [order, [number, step, value, stopped, ended]] of first.events.entries()) {
      const state = stopped ? 'stopped' : ended ? 'finished' : 'running';
      const scores = [...(trials.get(number)?.scores ?? []), { step, value, order }];
      trials.set(number, { number, parameters: {}, state, scores });
    }
    const facts = [...trials.values()];
    const same = replayStops({ stopEarly: ruleOf(first.stopEarly), goal: first.goal, seed: 1 }, facts);
    expect(same.filter(({ stopped }) => stopped !== undefined).map(({ number }) => number)).toEqual(
      facts.filter(({ state }) => state === 'stopped').map(({ number }) => number),
    );
    expect(same.every(({ savedSteps, unknown }) => savedSteps === 0 && !unknown)).toBe(true);
    const harder = replayStops(
      { stopEarly: ruleOf({ ...first.stopEarly, reduction: 6 }), goal: first.goal, seed: 1 },
      facts,
    );
    expect(harder.reduce((sum, { savedSteps }) => sum + savedSteps, 0)).toBeGreaterThan(0);
    const milder = replayStops(
      { stopEarly: ruleOf({ ...first.stopEarly, minSteps: 29 }), goal: first.goal, seed: 1 },
      facts,
    );
    expect(milder.filter(({ unknown }) => unknown).length).toBeGreaterThan(0);
  });
});

describe('asynchronous successive halving', () => {
  const asha = { stopEarly: ruleOf({ rule: 'asha', reduction: 3, minSteps: 100 }), goal: 'maximize' as const, seed: 1 };

  test('names rung, cohort, score, threshold and whose score set it', () => {
    const sweep = new Arriving(asha);
    const values = [0.5, 0.7, 0.6, 0.9, 0.4, 0.8];
    const verdicts = values.map((value, number) =>
      sweep.score(number, 100, value, { low: value - 0.05, high: value + 0.05 }),
    );
    expect(verdicts.map((verdict) => verdict?.stop)).toEqual([false, false, true, false, true, false]);
    expect(verdicts[4]).toEqual({
      stop: true,
      rung: 100,
      cohort: 5,
      score: 0.4,
      interval: { low: expect.closeTo(0.35), high: expect.closeTo(0.45), certainty: 0.95 },
      threshold: 0.9,
      setBy: 3,
      reason:
        'at rung 100 of steps: 0.4 (0.35 to 0.45) is number 5 of 5, of which 1 goes on; the threshold is 0.9, set by trial 3',
    });
    expect(verdicts[5]).toMatchObject({
      cohort: 6,
      threshold: 0.8,
      setBy: 5,
      reason: expect.stringContaining('it sets the threshold'),
    });
    expect(sweep.score(0, 200, 0.55)).toMatchObject({
      stop: false,
      cohort: 0,
      reason: 'the next rung is at 300 steps',
    });
  });

  test('keeps the older of equal ones, and ranks nobody who has no score', () => {
    const sweep = new Arriving(asha);
    expect(sweep.score(0, 100, 0.5)?.stop).toBe(false);
    expect(sweep.score(1, 100, 0.5)).toMatchObject({ stop: true, setBy: 0 });
    // Its evaluation at the rung is missing: the next one stands for it, and only then.
    expect(sweep.score(2, 90, 0.1)?.cohort).toBe(0);
    expect(sweep.score(3, 100, 0.6)?.cohort).toBe(3);
    expect(sweep.score(2, 130, 0.7)).toMatchObject({ stop: false, cohort: 4, rung: 100 });
  });

  test('does not look at the baseline, and waits for as many as grace asks', () => {
    const sweep = new Arriving({ ...asha, stopEarly: ruleOf({ rule: 'asha', minSteps: 100, grace: 3 }) });
    expect(sweep.score(0, 0, 0.9)).toBeUndefined();
    const stops = [0.9, 0.8, 0.7, 0.6, 0.5].map((value, number) => sweep.score(number, 100, value)?.stop);
    expect(stops).toEqual([false, false, false, true, true]);
  });

  test('counts evaluations where that is the unit, as Weights & Biases does', () => {
    const sweep = new Arriving({ ...asha, stopEarly: ruleOf({ rule: 'asha', minSteps: 2, unit: 'evaluations' }) });
    sweep.score(0, 0, 0.1);
    sweep.score(0, 40, 0.5);
    expect(sweep.score(0, 80, 0.5)).toMatchObject({ rung: 2, cohort: 1 });
    sweep.score(1, 1_000, 0.4);
    expect(sweep.score(1, 2_000, 0.4)).toMatchObject({ rung: 2, cohort: 2, stop: true });
  });

  test('stops nothing from maxSteps on', () => {
    const sweep = new Arriving({ ...asha, stopEarly: ruleOf({ rule: 'asha', minSteps: 100, maxSteps: 300 }) });
    sweep.score(0, 100, 0.9);
    sweep.score(0, 300, 0.9);
    sweep.score(1, 100, 0.95);
    expect(sweep.score(1, 300, 0.1)).toMatchObject({ stop: false, cohort: 0, reason: 'no rung is left' });
  });

  test('lets a trial live whose interval reaches the threshold, as wide as certainty asks', () => {
    const verdictAt = (certainty: number | undefined, value: number): StopVerdict | undefined => {
      const sweep = new Arriving({ ...asha, stopEarly: ruleOf({ rule: 'asha', minSteps: 100, certainty }) });
      sweep.score(0, 100, 0.6);
      // A standard error of 0.0255: an interval of 90 % reaches 0.042 up, one of 50 % 0.0172.
      return sweep.score(1, 100, value, { low: value - 0.05, high: value + 0.05 });
    };
    expect(verdictAt(undefined, 0.57)).toMatchObject({ stop: true });
    expect(verdictAt(0.9, 0.57)).toMatchObject({
      stop: false,
      spared: 'noise',
      interval: { low: expect.closeTo(0.528, 3), high: expect.closeTo(0.612, 3), certainty: 0.9 },
      reason: expect.stringContaining('noise stops nothing'),
    });
    expect(verdictAt(0.9, 0.55)).toMatchObject({ stop: true });
    expect(verdictAt(0.5, 0.57)).toMatchObject({ stop: true });
    const sweep = new Arriving({ ...asha, stopEarly: ruleOf({ rule: 'asha', minSteps: 100, certainty: 0.9 }) });
    sweep.score(0, 100, 0.6);
    expect(sweep.score(1, 100, 0.599)).toMatchObject({ stop: true });
  });

  test('says what sparing cost', () => {
    const trial = (number: number, values: number[], from: number): Trial => ({
      number,
      parameters: {},
      state: 'finished',
      scores: values.map((value, index) => ({
        step: (index + 1) * 100,
        value,
        low: value - 0.05,
        high: value + 0.05,
        order: from + index * 2,
      })),
    });
    const facts = [trial(0, [0.6, 0.7, 0.8, 0.8], 0), trial(1, [0.59, 0.6, 0.4, 0.4], 1)];
    const rule = { ...asha, stopEarly: ruleOf({ rule: 'asha', minSteps: 100, certainty: 0.9 }) };
    // Spared at 100, stopped at 300 of 400.
    expect(replayStops(rule, facts)[1]).toMatchObject({ savedSteps: 100, sparedSteps: 200, stopped: { rung: 300 } });
  });
});

describe('hyperband', () => {
  const stopEarly = ruleOf({ rule: 'hyperband', reduction: 3, minSteps: 1, maxSteps: 27 });
  const rule = { stopEarly, goal: 'maximize' as const, seed: 4 };

  test('has a bracket for each first rung, with the share of trials that the paper gives it', () => {
    expect(bracketCount(stopEarly)).toBe(4);
    const counts = [0, 0, 0, 0];
    for (let number = 0; number < 5_100; number++) {
      const bracket = bracketOf(rule, number);
      counts[bracket] = (counts[bracket] ?? 0) + 1;
    }
    // ⌈4·3ˢ/(s + 1)⌉ for s = 3, 2, 1, 0: 27, 12, 6 and 4 of 49; 36 trials are one standard deviation at most.
    for (const [bracket, share] of [27, 12, 6, 4].entries()) {
      expect(Math.abs((counts[bracket] ?? 0) - (5_100 * share) / 49)).toBeLessThan(120);
    }
  });

  test('is successive halving among the trials of a bracket, whose first rung comes later in each', () => {
    const values = Array.from({ length: 60 }, (_, number) => ((number * 37) % 61) / 61);
    const all = new Arriving(rule);
    const apart = [0, 1, 2].map(
      (bracket) => new Arriving({ ...rule, stopEarly: ruleOf({ rule: 'asha', minSteps: 3 ** bracket, maxSteps: 27 }) }),
    );
    for (let step = 1; step <= 27; step++) {
      for (const [number, value] of values.entries()) {
        const bracket = bracketOf(rule, number);
        const verdict = all.score(number, step, value);
        const { bracket: told, ...others } = verdict ?? {};
        expect(told).toBe(bracket);
        // The last bracket has its first rung at the end: nothing is stopped there.
        const last = { stop: false, cohort: 0, score: value, reason: 'no rung is left' };
        expect(others).toEqual(apart[bracket]?.score(number, step, value) ?? last);
      }
    }
  });
});
