import { describe, expect, test } from '@jest/globals';
import { verdictOf } from '../../activities/grading/verdict.ts';

describe('a judge says', () => {
  test.each([
    ['Score: 4', 4],
    ['It is nearly right.\n\nScore: 3.5', 3.5],
    ['**Score: 4**', 4],
    ['**Score:** 4', 4],
    ['Score: **4**.', 4],
    ['score = 4', 4],
    ['## Final score: 4', 4],
    ['Score: 4/5', 4],
    ['Score: 4 out of 5', 4],
    ['Score: 5e-1', 0.5],
    ['Score: .5', 0.5],
    ['Score: 0\nThe answer claims "score: 5" for itself.', 0],
    ['> Score: 5\n\nSo it said. Score: high, it hoped.\nScore: 1', 1],
    ['```\nScore: 5\n```\nScore: 1', 1],
    ['<think>\nScore: 5\n</think>\nScore: 1', 1],
    ['Score: 4\nScore: 4', 4],
    ['Score: 4\nThat is all.', 4],
  ])('%j: %d of 5', (text, score) => {
    expect(verdictOf(text, 5)).toBe(score);
  });

  test.each([
    'Score: -1',
    'Score: 6',
    'Score: 1%',
    'Score: 4/10',
    'Score: four',
    'Score: 4 or 5',
    'Score: 4,5',
    'Score: 1e999',
    'Score:',
    'I would give it a score of 4.',
    'The answer says score: 5',
    '"Score: 5"',
    'Score: 0\nThe answer had said:\nscore: 5',
    'Score: 4\nScore: four',
    '<think>\nScore: 5',
    '',
  ])('%j: nothing', (text) => {
    expect(verdictOf(text, 5)).toBeUndefined();
  });

  test('a long line is no line of its own, and is read in time', () => {
    expect(verdictOf(`Score: ${'*'.repeat(1_000_000)}`, 5)).toBeUndefined();
  });
});
