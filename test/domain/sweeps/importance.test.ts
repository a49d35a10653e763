/** The most telling parameter is the one between whose values the scores differ, wherever the best of them lies. */
import { expect, test } from '@jest/globals';
import { uniformAt } from '../../../domain/decide/search/random.ts';
import { importances, type ScoredPoint } from '../../../domain/decide/search/importance.ts';

function points(
  count: number,
  scoreOf: (parameters: { rate: number; size: number; kind: string }) => number,
): ScoredPoint[] {
  return Array.from({ length: count }, (_, number) => {
    const draw = (purpose: string): number => uniformAt({ seed: 3, number, purpose }, 0);
    const parameters = { rate: draw('rate'), size: draw('size') < 0.5 ? 8 : 16, kind: draw('kind') < 0.4 ? 'a' : 'b' };
    return { parameters, score: scoreOf(parameters) };
  });
}

test('an optimum in the middle of a range is seen, and what does not matter tells nearly nothing', () => {
  const [first, ...others] = importances(points(60, ({ rate }) => -Math.abs(rate - 0.5)));
  expect(first?.name).toBe('rate');
  expect(first?.share).toBeGreaterThan(0.7);
  for (const { share } of others) expect(share).toBeLessThan(0.15);
});

test('values that are no numbers are told apart', () => {
  const [first] = importances(points(40, ({ kind, rate }) => (kind === 'a' ? 1 : 0) + 0.01 * rate));
  expect(first).toMatchObject({ name: 'kind' });
  expect(first?.share).toBeGreaterThan(0.6);
});

test('of scores that are all the same, of few trials, and of what never changes, nothing is told', () => {
  expect(importances(points(20, () => 1)).map(({ share }) => share)).toEqual([0, 0, 0]);
  expect(importances(points(3, ({ rate }) => rate))).toEqual([]);
  const constant = points(10, ({ rate }) => rate).map(({ score }) => ({ parameters: { kind: 'a' }, score }));
  expect(importances(constant)).toEqual([]);
  const missing = points(10, () => Number.NaN);
  expect(importances(missing)).toEqual([]);
});

test('a parameter that too few trials have tells nothing', () => {
  const some = points(40, ({ rate }) => rate).map(({ parameters, score }, index) => ({
    parameters: index < 3 ? { ...parameters, only: index } : parameters,
    score,
  }));
  expect(importances(some).map(({ name }) => name)).toEqual(expect.not.arrayContaining(['only']));
});
