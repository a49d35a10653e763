import { describe, expect, test } from '@jest/globals';
import { graders } from '../../activities/grading/graders.ts';

describe('exact match', () => {
  const grader = graders.exact_match;

  test.each([
    ['S P EH L', 'S P EH L', 1],
    ['  S\tP\nEH  L ', 'S P EH L', 1],
    ['S P EH', 'S P EH L', 0],
    ['s p eh l', 'S P EH L', 0],
    ['SP EH L', 'S P EH L', 0],
    ['', ' \n', 1],
  ])('of %j and %j is %d', (output, reference, expected) => {
    expect(grader.score(output, reference)).toBe(expected);
  });

  test('is binary', () => {
    expect(grader.binary).toBe(true);
  });
});

describe('edit similarity', () => {
  const grader = graders.edit_similarity;
  const spaced = (text: string) => text.split('').join(' ');

  test.each([
    // Distances 3, 5 and 2: the textbook pairs.
    ['kitten', 'sitting', 1 - 3 / 7],
    ['intention', 'execution', 1 - 5 / 9],
    ['flaw', 'lawn', 1 - 2 / 4],
    ['same', 'same', 1],
    ['abc', '', 0],
    ['', 'abc', 0],
    ['', '', 1],
    ['abc', 'xyz', 0],
  ])('of %s and %s, letter by letter, is %d', (output, reference, expected) => {
    expect(grader.score(spaced(output), spaced(reference))).toBeCloseTo(expected, 15);
  });

  test('compares words, not letters', () => {
    expect(grader.score('EH1 L', 'EH2 L')).toBe(0.5);
  });

  test('is not binary', () => {
    expect(grader.binary).toBe(false);
  });
});
