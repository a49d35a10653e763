/** The winner of a sweep is the best of those that were asked again, by what they scored then. */
import { expect, test } from '@jest/globals';
import { winnerOf, type AskedAgain } from '../../../domain/decide/winner.ts';

/** `first`: what it was chosen by; `again`: what it scored on other prompts. */
function asked(number: number, first: number, again?: number): AskedAgain {
  const finalist = { number, runId: `run-${number}`, checkpoint: 'step-20', step: 20, score: first };
  if (again === undefined) return { finalist };
  const interval = { low: again - 0.1, high: again + 0.1 };
  return {
    finalist,
    confirmed: { checkpoint: 'step-20', step: 20, evaluation: `e-${number}`, score: again, ...interval },
  };
}

test('the flattered best loses to whoever scores more when asked again', () => {
  const winner = winnerOf('maximize', [asked(4, 0.9, 0.5), asked(2, 0.8, 0.7), asked(1, 0.7, 0.6)]);
  expect(winner).toMatchObject({ number: 2, score: 0.8, confirmed: { score: 0.7, evaluation: 'e-2' } });
});

test('less is better where the goal says so, and of equals the older wins', () => {
  expect(winnerOf('minimize', [asked(3, 1, 0.5), asked(1, 2, 0.4), asked(0, 3, 0.4)])?.number).toBe(0);
});

test('who could not be asked, or has no number, does not win', () => {
  expect(winnerOf('maximize', [asked(0, 0.9), asked(1, 0.8, Number.NaN), asked(2, 0.1, 0.05)])?.number).toBe(2);
  expect(winnerOf('maximize', [asked(0, 0.9)])).toBeUndefined();
  expect(winnerOf('maximize', [])).toBeUndefined();
});
