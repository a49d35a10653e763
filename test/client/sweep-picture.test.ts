/** What a sweep looks like on a terminal: a picture over the parameter that tells most, and what is left of its budget. */
import { expect, test } from '@jest/globals';
import { sweepPicture } from '../../client/cli/render/sweep-picture.ts';

const scoreText = (score: number): string => score.toFixed(2);

test('a rate is drawn on the scale on which it is searched', () => {
  const rates = [1e-5, 1e-4, 1e-3, 1e-2, 1e-1];
  const points = rates.flatMap((rate, index) =>
    [0, 0.01].map((more) => ({
      parameters: { 'train.rate': rate, other: index % 2 },
      score: 4 - Math.abs(index - 2) + more,
    })),
  );
  const parameters = { 'train.rate': { distribution: 'log_uniform_values' as const, min: 1e-5, max: 1e-1 } };
  const lines = sweepPicture({ parameters, points, width: 51, scoreText });
  expect(lines[0]).toMatch(/^what tells most of the scores: train\.rate, \d+ % of their ranks$/);
  expect(lines.at(-1)).toMatch(/^ {10}0\.00001 +0\.1$/);
  // The best lies in the middle of the picture.
  const top = lines[1] ?? '';
  const middle = 10 + 41 / 2;
  expect(Math.abs((top.indexOf('─') + top.lastIndexOf('─')) / 2 - middle)).toBeLessThan(4);
});

test('choices are told one by one, and of too few trials nothing is', () => {
  const points = ['adam', 'sgd', 'adam', 'sgd', 'adam', 'sgd'].map((optimizer, index) => ({
    parameters: { optimizer },
    score: (optimizer === 'adam' ? 0.9 : 0.1) + index / 1_000,
  }));
  const lines = sweepPicture({ parameters: {}, points, width: 80, scoreText });
  expect(lines.slice(1)).toEqual(['  adam  0.90, mean of 3', '  sgd   0.10, mean of 3']);
  expect(sweepPicture({ parameters: {}, points: points.slice(0, 3), width: 80, scoreText })).toEqual([]);
});
