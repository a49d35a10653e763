import { describe, expect, test } from '@jest/globals';
import { expectedMaximum, flattery } from '../../../domain/decide/flattery.ts';
import { exploit, type Look, type Member } from '../../../domain/decide/population.ts';
import { SweepSpec } from '../../../domain/spec/sweep-spec.ts';
import type { Exploit, TrialParameters } from '../../../domain/words/sweep.ts';

const SWEEP = SweepSpec.parse({
  name: 'own',
  experiment: 'own.yaml',
  method: 'pbt',
  population: { size: 8 },
  parameters: {
    rate: { distribution: 'log_uniform_values', min: 1e-4, max: 1e-2 },
    batch: { distribution: 'q_uniform', min: 8, max: 64, q: 8 },
    kind: { values: ['a', 'b', 'c'] },
    momentum: { distribution: 'uniform', min: 0, max: 0.99, when: { kind: 'b' } },
    seed: { value: 5 },
  },
});
const SEARCHED = { ...SWEEP, goal: 'maximize' as const };
const PARAMETERS: TrialParameters = { rate: 1e-3, batch: 16, kind: 'b', momentum: 0.5, seed: 5 };

/** Each scored once at step 100, the member's number being the order of arrival. */
function members(values: readonly number[], parameters: TrialParameters = PARAMETERS): Member[] {
  return values.map((value, member) => ({
    member,
    parameters: { ...parameters, rate: 1e-3 + member * 1e-5 },
    state: 'running',
    scores: [{ step: 100, value, order: member }],
  }));
}

function exploited(found: Exploit): Extract<Exploit, { kind: 'exploit' }> {
  if (found.kind !== 'exploit') throw new Error(found.reason);
  return found;
}

const VALUES = [0.1, 0.8, 0.5, 0.9, 0.4, 0.3, 0.2, 0.6];

describe('a member of a population', () => {
  const last = { round: 1, order: 7 };

  test('of the last quarter goes on from one of the first, all others as they are', () => {
    const found = VALUES.map((_, member) => exploit(SEARCHED, members(VALUES), { ...last, member }));
    expect(found.map(({ kind }) => kind === 'exploit')).toEqual(VALUES.map((value) => value < 0.25));
    for (const one of found) if (one.kind === 'exploit') expect([1, 3]).toContain(one.from);
    expect(exploited(found[0] ?? { kind: 'keep', member: 0, reason: 'none' })).toMatchObject({
      step: 100,
      before: { rate: 1e-3 },
      reason: expect.stringMatching(
        /^number 8 of 8 with 0\.1: among the last 2; goes on from member [13], which has 0\.[89] at step 100$/,
      ),
    });
  });

  test('follows each of the best about as often, and the same one whenever it is asked', () => {
    const looks = Array.from({ length: 400 }, (_, round): Look => ({ member: 0, round, order: 7 }));
    const from = looks.map((look) => exploited(exploit(SEARCHED, members(VALUES), look)).from);
    // Half of 400, with a standard deviation of 10.
    expect(Math.abs(from.filter((member) => member === 3).length - 200)).toBeLessThan(40);
    expect(looks.map((look) => exploited(exploit(SEARCHED, members(VALUES), look)).from)).toEqual(from);
  });

  test('perturbs what the other has, or draws it anew, within the space and along its conditions', () => {
    const looks = Array.from({ length: 600 }, (_, round): Look => ({ member: 0, round, order: 7 }));
    const found = looks.map((look) => exploited(exploit(SEARCHED, members(VALUES), look)));
    const rates = found.map(({ from, after }) => Number(after['rate']) / (1e-3 + from * 1e-5));
    const times = (factor: number): number => rates.filter((rate) => Math.abs(rate - factor) < 1e-9).length;
    // A quarter anew, and of the rest half up and half down: 225 each of 600, with a standard deviation of 12.
    expect(Math.abs(times(0.8) - 225)).toBeLessThan(48);
    expect(Math.abs(times(1.2) - 225)).toBeLessThan(48);
    for (const { after } of found) {
      expect(Number(after['rate'])).toBeGreaterThanOrEqual(1e-4);
      expect(Number(after['rate'])).toBeLessThanOrEqual(1e-2);
      expect(Number(after['batch']) % 8).toBe(0);
      expect('momentum' in after).toBe(after['kind'] === 'b');
      expect(after['seed']).toBe(5);
    }
    // 16 · 1.2 rounds back to 16: it moves by a step all the same.
    expect(new Set(found.map(({ after }) => after['batch'])).size).toBeGreaterThan(3);
    expect(found.filter(({ after }) => after['batch'] === 16).length).toBeLessThan(120);
    expect(new Set(found.map(({ after }) => after['kind']))).toEqual(new Set(['a', 'b', 'c']));
    const [first] = found;
    expect(first?.changes.every(({ path, after }) => first.after[path] === after)).toBe(true);
  });

  test('is never held up, nor led, by one that is dead or has no score; what comes later changes nothing', () => {
    const some = members(VALUES).map((member): Member =>
      member.member === 3 ? { ...member, state: 'failed' } : member,
    );
    const fresh: Member = { member: 8, parameters: PARAMETERS, state: 'running', scores: [] };
    const look = { member: 0, round: 1, order: 7 };
    const found = exploited(exploit(SEARCHED, [...some, fresh], look));
    expect(found.from).not.toBe(3);
    expect(exploit(SEARCHED, [...some, fresh], { ...look, member: 8 })).toMatchObject({
      kind: 'keep',
      reason: 'it has no score yet',
    });
    const later = some.map((member) => ({
      ...member,
      scores: [...member.scores, { step: 200, value: 1, order: 20 + member.member }],
    }));
    expect(exploit(SEARCHED, later, look)).toEqual(found);
  });

  test('keeps its own where the best have no more, or it is alone', () => {
    expect(exploit(SEARCHED, members([0.5, 0.5, 0.5, 0.5]), { member: 3, round: 1, order: 9 }).kind).toBe('keep');
    expect(exploit(SEARCHED, members([0.5]), { member: 0, round: 1, order: 9 }).kind).toBe('keep');
  });
});

describe('the best of many scores', () => {
  // H. L. Harter, "Expected values of normal order statistics", Biometrika 48, 1961; that of two is 1/√π.
  test.each([
    [1, 0],
    [2, 1 / Math.sqrt(Math.PI)],
    [5, 1.16296447],
    [10, 1.53875273],
    [24, 1.94767407],
    [100, 2.50759364],
  ])('of %d is flattered by %d standard errors', (count, expected) => {
    expect(expectedMaximum(Array.from({ length: count }, () => 0.03))).toBeCloseTo(0.03 * expected, 8);
  });

  test('with unequal errors: that of two is √((a² + b²)/2π)', () => {
    expect(expectedMaximum([0.02, 0.05])).toBeCloseTo(Math.sqrt((0.02 ** 2 + 0.05 ** 2) / (2 * Math.PI)), 10);
    expect(expectedMaximum([0, 0.05])).toBeCloseTo(0.05 / Math.sqrt(2 * Math.PI), 10);
    expect(expectedMaximum([0, 0])).toBe(0);
  });

  test('is told from their intervals, where they have any', () => {
    const scores = Array.from({ length: 24 }, () => ({ low: 0.4, high: 0.4 + 2 * 1.959964 * 0.02 }));
    expect(flattery([...scores, {}])).toEqual({ most: expect.closeTo(0.02 * 1.94767407, 6), of: 24 });
    expect(flattery([{ low: 0.4, high: 0.5 }, {}])).toBeUndefined();
  });
});
