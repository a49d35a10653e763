import { describe, expect, test } from '@jest/globals';
import { ALLOWED } from './allowed.ts';
import type { Check } from './check.ts';
import { compareNumbers, compareRecipes, compareSequences, compareSignatures } from './compare.ts';
import type { Recorded } from './recorder.ts';

function check(name: string, ...numbers: number[]): Check {
  return { name, ok: true, figure: '', numbers };
}

function get(path: string): Recorded {
  return { method: 'GET', path, query: {} };
}

describe('numbers', () => {
  test('agree up to the tolerance', () => {
    expect(compareNumbers([check('a', 1, 2)], [check('a', 1, 2.00001)]).ok).toBe(true);
  });

  test.each([
    ['is off', [check('a', 1.1)]],
    ['is not a number', [check('a', NaN)]],
    ['is missing', [check('a')]],
    ['belongs to a check that was not made', []],
    ['belongs to a check that the SDK did not make', [check('a', 1), check('b')]],
  ])('disagree where one %s', (_why, ours) => {
    expect(compareNumbers([check('a', 1)], ours).ok).toBe(false);
  });
});

describe('requests', () => {
  test('that only one client sends are named', () => {
    const compared = compareSignatures([get('/v1/a')], [get('/v1/a'), get('/v1/b')]);
    expect(compared.ok).toBe(false);
    expect(compared.figure).toContain('only pawl: GET /v1/b');
  });

  test('an allowance that nothing needs is a failure', () => {
    const unneeded = ALLOWED.filter(({ bySpeed, beside }) => bySpeed !== true && beside !== 'oldest');
    const { figure } = compareSignatures([get('/v1/a')], [get('/v1/a')]);
    expect(figure.split('\n')).toHaveLength(unneeded.length);
  });

  test('may differ from those of the oldest SDK where it has no call for them', () => {
    const path = '/training/v1/rlorTrainerJobs/a/t/api/v1/unload_model';
    const unload: Recorded = { method: 'POST', path, query: {}, body: { model_id: 'm', type: 'unload_model' } };
    const figures = (['newest', 'oldest'] as const).map((which) => compareSignatures([], [unload], which).figure);
    expect(figures.map((figure) => figure.includes('only pawl'))).toEqual([true, false]);
  });

  test('of one model differ in values or in number', () => {
    const step = (seq: number, rate: number): Recorded => {
      const body = { model_id: 'm', seq_id: seq, learning_rate: rate };
      return { method: 'POST', path: '/t/api/v1/optim_step', query: {}, body };
    };
    expect(compareSequences([step(1, 0.1)], [step(1, 0.1)]).ok).toBe(true);
    expect(compareSequences([step(1, 0.1)], [step(1, 0.2)]).ok).toBe(false);
    expect(compareSequences([step(1, 0.1)], [step(1, 0.1), step(2, 0.1)]).ok).toBe(false);
  });
});

describe('losses of recipes', () => {
  const recipe = [check('dpo', 0.7, 0.5)];

  test('are those of the run, up to the tolerance', () => {
    const [compared, ...others] = compareRecipes(recipe, [check('dpo', 0.700_005, 0.5)]);
    expect(compared).toMatchObject({ ok: true, figure: '2 steps, off by 5.0e-6' });
    expect(others).toEqual([]);
  });

  test.each([
    ['differs at one step', [check('dpo', 0.7, 0.500_02)]],
    ['is not a number', [check('dpo', 0.7, NaN)]],
    ['ended early', [check('dpo', 0.7)]],
    ['went on', [check('dpo', 0.7, 0.5, 0.4)]],
    ['never was', []],
  ])('are not where the run %s', (_how, runs) => {
    expect(compareRecipes(recipe, runs).map(({ ok }) => ok)).toEqual([false]);
  });

  test('are not where the recipe told none', () => {
    expect(compareRecipes([check('dpo')], [check('dpo')]).map(({ ok }) => ok)).toEqual([false]);
    expect(compareRecipes([], [check('orpo', 1)]).map(({ ok }) => ok)).toEqual([false]);
  });
});
