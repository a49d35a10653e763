/** Where a checkpoint stands between a good and a bad one. */
import { expect, test } from '@jest/globals';
import { tailOf } from '../../domain/decide/looks.ts';
import { standingOf } from '../../activities/grading/standing.ts';

const PROMPTS = 40;

/** The first so many prompts are answered right. */
function scores(right: number): { promptHash: string; score: number }[] {
  return Array.from({ length: PROMPTS }, (_, index) => ({ promptHash: `p${index}`, score: index < right ? 1 : 0 }));
}

test.each([
  ['fell', 5],
  ['fell', 20],
  ['held', 40],
  ['held', 39],
])('%s with %d of 40 right, between 40 and 5', (standing, right) => {
  const found = standingOf({ good: scores(40), bad: scores(5), probe: scores(right) });
  expect(found.standing).toBe(standing);
  expect(found.overGood?.mean).toBeCloseTo((right - 40) / PROMPTS, 12);
});

test('asks for more where the good one was chosen among many', () => {
  const standing = (looks: number) =>
    standingOf({ good: scores(40), bad: scores(5), probe: scores(32), tail: tailOf(looks) }).standing;
  expect(standing(1)).toBe('fell');
  expect(standing(50)).toBe('held');
});

test('is unclear where the bad one is hardly worse, or no prompt is shared', () => {
  expect(standingOf({ good: scores(20), bad: scores(19), probe: scores(20) }).standing).toBe('unclear');
  expect(standingOf({ good: [], bad: scores(1), probe: scores(1) })).toEqual({ standing: 'unclear' });
});

test('a bad one that is compared with itself has fallen, or there was no fall', () => {
  expect(standingOf({ good: scores(40), bad: scores(5), probe: scores(5) }).standing).toBe('fell');
  expect(standingOf({ good: scores(20), bad: scores(20), probe: scores(20) }).standing).toBe('unclear');
});
