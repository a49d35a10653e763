/** Two evaluations of the same weights, answer by answer. */
import { expect, test } from '@jest/globals';
import { sameAnswers } from '../../domain/decide/statistics/same-answers.ts';

const answer = (promptIndex: number, tokens: number[], meanLogprob: number, sampleIndex?: number) => ({
  kind: 'produced' as const,
  promptIndex,
  tokens,
  meanLogprob,
  ...(sampleIndex !== undefined && { sampleIndex }),
});

test('counts what is the same token by token, and how far log-probabilities are apart', () => {
  const before = [answer(0, [1, 2], -0.5), answer(1, [3], -0.25), answer(2, [4], -1), answer(3, [5], -1)];
  const after = [
    answer(3, [5, 6], -1),
    answer(0, [1, 2], -0.5),
    answer(1, [3], -0.75),
    { kind: 'missing' as const, promptIndex: 2 },
  ];
  expect(sameAnswers(before, after)).toEqual({ pairs: 3, identical: 2, unpaired: 1, maxLogprobDifference: 0.5 });
});

test('several samples of a prompt are told apart; of nothing nothing is the same', () => {
  const before = [answer(0, [1], -1, 0), answer(0, [2], -1, 1)];
  expect(sameAnswers(before, before.toReversed())).toEqual({
    pairs: 2,
    identical: 2,
    unpaired: 0,
    maxLogprobDifference: 0,
  });
  expect(sameAnswers([], [])).toEqual({ pairs: 0, identical: 0, unpaired: 0 });
});

test('any number of answers is compared', () => {
  const many = Array.from({ length: 200_000 }, (_, index) => answer(index, [index], -1));
  expect(sameAnswers(many, many)).toEqual({
    pairs: 200_000,
    identical: 200_000,
    unpaired: 0,
    maxLogprobDifference: 0,
  });
});
