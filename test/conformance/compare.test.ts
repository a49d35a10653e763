import { describe, expect, test } from '@jest/globals';
import { ALLOWED } from './allowed.ts';
import type { Check } from './check.ts';
import { compareNumbers, compareSequences, compareSignatures } from './compare.ts';
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
    const unneeded = ALLOWED.filter(({ bySpeed }) => bySpeed !== true);
    const { figure } = compareSignatures([get('/v1/a')], [get('/v1/a')]);
    expect(figure.split('\n')).toHaveLength(unneeded.length);
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
