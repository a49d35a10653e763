/** What is kept of the numbers that an objective and the trainer tell of a step. */
import { expect, test } from '@jest/globals';
import { metricsOfStep } from '../../activities/run/step-metrics.ts';

test('the objective’s number wins where the trainer uses its name, and its numbers come first', () => {
  const kept = metricsOfStep({ margin: 2, grad_norm: 7 }, { 'loss:sum': 1, grad_norm: 3 });
  expect(Object.entries(kept)).toEqual([
    ['margin', 2],
    ['grad_norm', 7],
    ['loss:sum', 1],
  ]);
});

test('what is no finite number, or has no name of 1 to 64 characters, is left out', () => {
  const [longest, longer] = ['n'.repeat(64), 'n'.repeat(65)];
  const kept = metricsOfStep(
    { a: Number.NaN, [longest]: 1, [longer]: 2, '': 3 },
    { b: Number.POSITIVE_INFINITY, c: 0 },
  );
  expect(kept).toEqual({ [longest]: 1, c: 0 });
});

test('at most 64 are kept, and what is left out takes no room of theirs', () => {
  const many = (prefix: string, count: number): Record<string, number> =>
    Object.fromEntries(Array.from({ length: count }, (_, index) => [`${prefix}${index}`, index]));
  const kept = metricsOfStep({ ...many('mine', 60), not: Number.NaN }, many('theirs', 60));
  expect(kept).toEqual({ ...many('mine', 60), ...many('theirs', 4) });
});
