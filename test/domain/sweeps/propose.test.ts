import { describe, expect, test } from '@jest/globals';
import { plannedTrials, propose, type Searched } from '../../../domain/decide/search/propose.ts';
import { philox, uniformAt } from '../../../domain/decide/search/random.ts';
import { SweepSpec } from '../../../domain/spec/sweep-spec.ts';
import type { Trial, TrialParameters } from '../../../domain/words/sweep.ts';

function sweepOf(method: string, parameters: object, others: object = {}): SweepSpec {
  return SweepSpec.parse({ name: 'own', experiment: 'own.yaml', method, parameters, trials: 24, ...others });
}

function searched(sweep: SweepSpec): Searched {
  return { ...sweep, goal: 'maximize' };
}

function running(number: number, parameters: TrialParameters): Trial {
  return { number, parameters, state: 'running', scores: [] };
}

/** Asks for one trial after another, as a sweep does. */
function proposals(search: Searched, count: number, before: readonly Trial[] = []): TrialParameters[] {
  const trials = [...before];
  while (trials.length < count) {
    const next = propose(search, trials, trials.length);
    if (next.kind === 'exhausted') break;
    trials.push(running(trials.length, next.parameters));
  }
  return trials.slice(before.length).map(({ parameters }) => parameters);
}

describe('random numbers', () => {
  // Known answers of Random123, the authors' own library (tests/kat_vectors, philox4x32 10).
  test.each([
    [
      [0, 0, 0, 0],
      [0, 0],
      ['6627e8d5', 'e169c58d', 'bc57ac4c', '9b00dbd8'],
    ],
    [
      [0xffffffff, 0xffffffff, 0xffffffff, 0xffffffff],
      [0xffffffff, 0xffffffff],
      ['408f276d', '41c83b0e', 'a20bc7c6', '6d5451fd'],
    ],
    [
      [0x243f6a88, 0x85a308d3, 0x13198a2e, 0x03707344],
      [0xa4093822, 0x299f31d0],
      ['d16cfe09', '94fdcceb', '5001e420', '24126ea1'],
    ],
  ] as const)('are those of Philox4x32-10 for %j', (counter, key, words) => {
    expect(philox(counter, key).map((word) => word.toString(16).padStart(8, '0'))).toEqual(words);
  });

  test('are spread evenly, and not alike for another trial, parameter or draw', () => {
    const drawn = Array.from({ length: 20_000 }, (_, number) => uniformAt({ seed: 7, number, purpose: 'a' }));
    const counts = Array.from({ length: 20 }, (_, cell) => drawn.filter((one) => Math.floor(one * 20) === cell).length);
    // Chi-squared with 19 degrees of freedom: 43.8 is passed once in a thousand.
    expect(counts.reduce((sum, count) => sum + (count - 1_000) ** 2 / 1_000, 0)).toBeLessThan(43.8);
    const others = [
      { seed: 8, number: 0, purpose: 'a' },
      { seed: 7, number: 0, purpose: 'b' },
    ];
    expect(
      new Set([drawn[0], ...others.map((one) => uniformAt(one)), uniformAt({ seed: 7, number: 0, purpose: 'a' }, 1)])
        .size,
    ).toBe(4);
  });
});

describe('a grid', () => {
  const conditional = {
    kind: { values: ['adam', 'sgd'] },
    momentum: { values: [0, 0.9], when: { kind: 'sgd' } },
    rate: { distribution: 'q_uniform', min: 0.1, max: 0.3, q: 0.1 },
  };

  test('is gone through in the order of the file, the last parameter fastest, conditions without duplicates', () => {
    const grid = sweepOf('grid', conditional, { trials: undefined });
    expect(plannedTrials(grid)).toBe(9);
    expect(proposals(searched(grid), 20).map((point) => Object.values(point))).toEqual([
      ['adam', 0.1],
      ['adam', 0.2],
      ['adam', 0.3],
      ['sgd', 0, 0.1],
      ['sgd', 0, 0.2],
      ['sgd', 0, 0.3],
      ['sgd', 0.9, 0.1],
      ['sgd', 0.9, 0.2],
      ['sgd', 0.9, 0.3],
    ]);
    expect(propose(searched(grid), [], 9)).toEqual({
      kind: 'exhausted',
      reason: 'each of the 9 points of the grid was tried',
    });
  });

  test('whose condition stands before what it asks about', () => {
    const { kind, momentum, rate } = conditional;
    const grid = sweepOf('grid', { momentum, rate, kind });
    const points = proposals(searched(grid), 20);
    expect(points).toHaveLength(9);
    expect(new Set(points.map((point) => JSON.stringify(point))).size).toBe(9);
    expect(points[3]).toEqual({ momentum: 0, rate: 0.1, kind: 'sgd' });
    expect(Object.keys(points[3] ?? {})).toEqual(['momentum', 'rate', 'kind']);
  });

  test('with conditions of conditions has exactly the points that a walk through all combinations finds', () => {
    const parameters = {
      a: { values: [1, 2, 3] },
      b: { values: [1, 2], when: { a: [2, 3] } },
      c: { values: [1, 2, 3], when: { b: 2, a: 3 } },
      d: { values: ['x', 'y'], when: { a: 1 } },
    };
    const expected = new Set<string>();
    for (const a of [1, 2, 3])
      for (const b of [1, 2])
        for (const c of [1, 2, 3])
          for (const d of ['x', 'y'])
            expected.add(
              JSON.stringify({ a, ...(a > 1 && { b }), ...(a === 3 && b === 2 && { c }), ...(a === 1 && { d }) }),
            );
    const points = proposals(searched(sweepOf('grid', parameters)), 100).map((point) => JSON.stringify(point));
    expect(points).toEqual([...expected]);
  });

  test('of more points than can be listed is entered anywhere', () => {
    const axis = { distribution: 'int_uniform', min: 0, max: 999 };
    const sweep = sweepOf('grid', { a: axis, b: axis, c: axis, d: axis });
    expect(plannedTrials({ ...sweep, trials: undefined })).toBe(1e12);
    expect(propose(searched(sweep), [], 1_234)).toEqual({ kind: 'proposed', parameters: { a: 0, b: 0, c: 1, d: 234 } });
  });

  test('that was widened goes on with what is new, and tries nothing again', () => {
    const before = proposals(searched(sweepOf('grid', { a: { values: [1, 2] }, b: { values: [1, 2] } })), 3);
    const trials = before.map((parameters, number) => running(number, parameters));
    const wider = searched(sweepOf('grid', { a: { values: [1, 3, 2] }, b: { values: [1, 2] } }));
    expect(proposals(wider, 20, trials)).toEqual([
      { a: 3, b: 1 },
      { a: 3, b: 2 },
      { a: 2, b: 2 },
    ]);
  });
});

describe('random search', () => {
  const space = {
    rate: { distribution: 'log_uniform_values', min: 1e-4, max: 1 },
    steps: { distribution: 'int_uniform', min: 1, max: 4 },
    coarse: { distribution: 'q_uniform', min: 0, max: 1, q: 0.25 },
    kind: { values: ['a', 'b', 'c'], probabilities: [0.7, 0.3, 0] },
    depth: { values: [1, 2], when: { kind: 'b' } },
    spread: { distribution: 'normal', mu: 3, sigma: 2 },
    width: { distribution: 'q_log_uniform_values', min: 8, max: 64, q: 8 },
    exponent: { distribution: 'log_uniform', min: 0, max: 2 },
  };
  const points = proposals(searched(sweepOf('random', space, { trials: 4_000 })), 4_000);

  function share(of: (point: TrialParameters) => boolean): number {
    return points.filter(of).length / points.length;
  }

  test('draws as the distributions say', () => {
    // Of 4,000, a share of p is off by 0.0008 at most in one standard deviation: three of them are 0.024.
    expect(share(({ rate }) => Number(rate) < 1e-2)).toBeCloseTo(0.5, 1);
    for (const value of [1, 2, 3, 4])
      expect(Math.abs(share(({ steps }) => steps === value) - 0.25)).toBeLessThan(0.024);
    for (const value of [0, 0.25, 0.5, 0.75, 1])
      expect(Math.abs(share(({ coarse }) => coarse === value) - 0.2)).toBeLessThan(0.024);
    expect(Math.abs(share(({ kind }) => kind === 'a') - 0.7)).toBeLessThan(0.024);
    expect(share(({ kind }) => kind === 'c')).toBe(0);
    expect(share(({ kind, depth }) => (kind === 'b') === (depth !== undefined))).toBe(1);
    expect(Math.abs(share(({ spread }) => Number(spread) < 1) - 0.1587)).toBeLessThan(0.024);
    expect(share(({ width }) => Number(width) % 8 === 0 && Number(width) >= 8 && Number(width) <= 64)).toBe(1);
    expect(Math.abs(share(({ width }) => width === 8) - Math.log(12 / 4) / Math.log(68 / 4))).toBeLessThan(0.024);
    expect(Math.abs(share(({ exponent }) => Number(exponent) < Math.E) - 0.5)).toBeLessThan(0.024);
  });

  test('is left as it was by a further parameter, and by what became of the trials', () => {
    const wider = searched(sweepOf('random', { ...space, another: { values: [1, 2, 3] } }));
    const point = propose(wider, [], 17);
    expect(point).toMatchObject({ parameters: points[17] ?? {} });
    const trials = points.map((parameters, number): Trial => ({ number, parameters, state: 'failed', scores: [] }));
    expect(propose(searched(sweepOf('random', space)), trials, 17)).toEqual({
      kind: 'proposed',
      parameters: points[17],
    });
  });
});
