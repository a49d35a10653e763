/** By what a sweep judges, where its file says it and where it does not. */
import { expect, test } from '@jest/globals';
import { goalOf, suiteOf, suitesOf } from '../../../domain/decide/sweep-metric.ts';
import { experiment } from '../../workflows/answering.ts';

const validated = experiment({
  data: { train: 'train.jsonl', holdout: 0.1 },
  policy: { suite: 'validation-loss', direction: 'minimize' },
});
const plain = experiment();

test.each([
  [{}, plain, 'main', 'maximize'],
  [{ goal: 'minimize' as const }, plain, 'main', 'minimize'],
  [{}, validated, 'validation-loss', 'minimize'],
  // The policy's direction is that of its loss, not of the answers.
  [{ suite: 'main' }, validated, 'main', 'maximize'],
  [{ suite: 'validation-loss' }, plain, 'validation-loss', 'minimize'],
])('%j', (metric, of, suite, goal) => {
  const asked = { spec: { metric }, experiment: of };
  expect([suiteOf(asked), goalOf(asked)]).toEqual([suite, goal]);
});

test('a loss is there where rows are held out', () => {
  expect(suitesOf(plain)).toEqual(['main']);
  expect(suitesOf(validated)).toEqual(['main', 'validation-loss']);
});
