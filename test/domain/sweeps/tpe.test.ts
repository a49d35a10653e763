import { readFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, test } from '@jest/globals';
import { dimensionsOf, placeOf } from '../../../domain/decide/search/dimensions.ts';
import { densityAt, mixtureOf } from '../../../domain/decide/search/parzen.ts';
import { propose, type Searched } from '../../../domain/decide/search/propose.ts';
import { normalCdf, truncatedQuantile } from '../../../domain/decide/statistics/normal-mass.ts';
import { normalTail } from '../../../domain/decide/statistics/distributions.ts';
import { SweepSpec } from '../../../domain/spec/sweep-spec.ts';
import type { Trial, TrialParameters } from '../../../domain/words/sweep.ts';
import { FUNCTIONS } from './functions.ts';

interface Recorded {
  readonly densities: readonly {
    names: string[];
    observations: Record<string, number[]>;
    points: Record<string, number[]>;
    logDensities: number[];
  }[];
}

/** Made by oracle/tpe.py. */
const optuna = JSON.parse(readFileSync(path.join(__dirname, 'oracle/tpe.json'), 'utf8')) as Recorded;

function searchedFor(parameters: object, more: object = {}): Searched {
  const sweep = { name: 'own', experiment: 'own.yaml', method: 'tpe', trials: 100, parameters, ...more };
  return { ...SweepSpec.parse(sweep), goal: 'minimize' };
}

function parametersOf(searched: Searched, trials: readonly Trial[], number: number): TrialParameters {
  const proposal = propose(searched, trials, number);
  if (proposal.kind === 'exhausted') throw new Error(proposal.reason);
  return proposal.parameters;
}

function finished(number: number, parameters: TrialParameters, score: number): Trial {
  return { number, parameters, state: 'finished', scores: [{ step: 10, value: score, order: number }], score };
}

describe('the normal distribution', () => {
  test('agrees with the slow and exact one', () => {
    for (let z = -9; z <= 9; z += 0.137) {
      expect(Math.abs(normalCdf(z) / normalTail(-z) - 1)).toBeLessThan(1e-8);
    }
    expect(normalCdf(truncatedQuantile(-1, 2, 0.3))).toBeCloseTo(
      normalCdf(-1) + 0.3 * (normalCdf(2) - normalCdf(-1)),
      12,
    );
  });
});

describe('the Parzen estimator', () => {
  const space = dimensionsOf(
    searchedFor({
      rate: { distribution: 'log_uniform_values', min: 1e-6, max: 1 },
      batch: { distribution: 'q_uniform', min: 8, max: 128, q: 8 },
      layers: { distribution: 'int_log_uniform_values', min: 1, max: 64 },
      kind: { values: [0, 1, 2] },
      dropout: { distribution: 'uniform', min: 0, max: 0.5 },
      coarse: { distribution: 'q_uniform', min: 0, max: 2, q: 0.25 },
    }).parameters,
  );

  test.each(optuna.densities)("says what Optuna's says of $names", ({ names, observations, points, logDensities }) => {
    const forms = names.map((name) => {
      const found = space.find((dimension) => dimension.name === name);
      if (found === undefined) throw new Error(name);
      return found.form;
    });
    const rowsOf = (columns: Record<string, number[]>): number[][] =>
      (columns[names[0] ?? ''] ?? []).map((_, row) =>
        names.map(
          (name, index) =>
            placeOf(forms[index] ?? { kind: 'choice', values: [], probabilities: [] }, columns[name]?.[row]) ??
            Number.NaN,
        ),
      );
    const mixture = mixtureOf(forms, rowsOf(observations));
    // Optuna gives the density of the logarithm, as this does.
    const found = rowsOf(points).map((point) => Math.log(densityAt(mixture, point)));
    for (const [index, one] of found.entries()) expect(one).toBeCloseTo(logDensities[index] ?? Number.NaN, 6);
  });
});

/** Trials of one of the functions, each judged as soon as it is proposed. */
function searchedThrough(name: string, seed: number, search: object, count: number): Trial[] {
  const { parameters, regret } = FUNCTIONS[name] ?? { parameters: {}, regret: () => 0 };
  const searched = searchedFor(parameters, { seed, search });
  const trials: Trial[] = [];
  for (let number = 0; number < count; number++) {
    const point = parametersOf(searched, trials, number);
    trials.push(finished(number, point, regret(point)));
  }
  return trials;
}

describe('the state of a search', () => {
  const names = Object.keys(FUNCTIONS);

  test.each(names)('is its trials, whoever asks in which order: %s', (name) => {
    const searched = searchedFor(FUNCTIONS[name]?.parameters ?? {}, {
      seed: 6,
      search: { multivariate: name === 'mixed' },
    });
    const trials = searchedThrough(name, 6, { multivariate: name === 'mixed' }, 30);
    for (const number of [29, 3, 17, 12, 25]) {
      expect(parametersOf(searched, trials, number)).toEqual(trials[number]?.parameters);
      const shuffled = [...trials].sort((one, other) => ((one.number * 7) % 30) - ((other.number * 7) % 30));
      expect(parametersOf(searched, shuffled, number)).toEqual(trials[number]?.parameters);
      expect(parametersOf(searched, JSON.parse(JSON.stringify(trials)) as Trial[], number)).toEqual(
        trials[number]?.parameters,
      );
    }
    expect(parametersOf({ ...searched, seed: 7 }, trials, 29)).not.toEqual(trials[29]?.parameters);
  });

  test('does not propose what is being tried, and learns from what was stopped and what diverged', () => {
    const searched = searchedFor({ x: { distribution: 'uniform', min: 0, max: 1 } }, { seed: 2 });
    const before = Array.from({ length: 20 }, (_, number) =>
      finished(number, { x: number / 20 }, Math.abs(number / 20 - 0.6)),
    );
    const running = Array.from({ length: 12 }, (_, index): Trial => ({
      number: 20 + index,
      parameters: { x: 0.6 },
      state: 'running',
      scores: [],
    }));
    const near = (trials: readonly Trial[], search: object = {}): number => {
      const many = Array.from({ length: 40 }, (_, seed) =>
        parametersOf({ ...searched, seed, search: { ...searched.search, ...search } }, trials, 32),
      );
      return many.filter(({ x }) => Math.abs(Number(x) - 0.6) < 0.05).length;
    };
    const alone = near(before);
    expect(near([...before, ...running])).toBeLessThan(alone / 2);
    expect(near([...before, ...running], { constantLiar: false })).toBe(alone);
    const diverged = running.map((trial): Trial => ({ ...trial, state: 'diverged' }));
    expect(near([...before, ...diverged])).toBeLessThan(alone / 2);
    const stopped = before.map((trial): Trial => ({ ...trial, state: 'stopped' }));
    expect(near(stopped)).toBe(alone);
  });

  test('outlives a space that was narrowed: what lies outside is not learned from', () => {
    const before = Array.from({ length: 30 }, (_, number) =>
      finished(number, { x: number / 30, kind: number % 2 }, number / 30),
    );
    const narrow = searchedFor({ x: { distribution: 'uniform', min: 0.5, max: 1 }, kind: { values: [1, 2] } });
    for (let number = 30; number < 60; number++) {
      const { x, kind } = parametersOf(narrow, before, number);
      expect(Number(x)).toBeGreaterThanOrEqual(0.5);
      expect([1, 2]).toContain(kind);
    }
  });

  test('of 10,000 trials is bounded: a proposal then costs no more than one after 2,000', () => {
    const { parameters, regret } = FUNCTIONS['mixed'] ?? { parameters: {}, regret: () => 0 };
    const random = { ...searchedFor(parameters), method: 'random' as const };
    const trials = Array.from({ length: 10_000 }, (_, number) => {
      const point = parametersOf(random, [], number);
      return finished(number, point, regret(point));
    });
    const searched = searchedFor(parameters);
    const cost = (number: number): number => {
      const some = trials.slice(0, number);
      const times = Array.from({ length: 5 }, () => {
        const before = process.cpuUsage().user;
        parametersOf(searched, some, number);
        return process.cpuUsage().user - before;
      });
      return Math.min(...times);
    };
    cost(2_000);
    // Sorting them is all that still grows.
    expect(cost(9_999)).toBeLessThan(8 * cost(2_000));
  });
});
