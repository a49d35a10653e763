/** The forms in which models settle on a letter, and those in which they do not. */
import { describe, expect, test } from '@jest/globals';
import { multipleChoice } from '../../activities/grading/multiple-choice.ts';
import { graders } from '../../activities/grading/text-graders.ts';

describe('multiple choice', () => {
  test.each([
    ['C', 'C'],
    ['c', 'C'],
    ['(c)', 'C'],
    ['C.', 'C'],
    ['C) because of the light', 'C'],
    ['"C"', 'C'],
    ['**C**', 'C'],
    ['The answer is (C).', 'C'],
    ['The answer is C: the light.', 'C'],
    ['the answer is c', 'C'],
    ['The answer is A.', 'A'],
    ['Answer: A', 'A'],
    ['Answer:\nA', 'A'],
    ['**Answer:** C', 'C'],
    ['**Answer**: C', 'C'],
    ['Answer: **C**', 'C'],
    ['Answer: [C]', 'C'],
    ['Answer: $C$', 'C'],
    ['Answer: `C`', 'C'],
    ['Final answer: option C', 'C'],
    ['Final: c)', 'C'],
    ['Answer: Ｃ', 'C'],
    ['（Ｃ）', 'C'],
    ['{"answer": "C"}', 'C'],
    ['<answer>C</answer>', 'C'],
    ['<answer> C </answer>', 'C'],
    ['The answer is \\boxed{C}', 'C'],
    ['$\\boxed{\\text{C}}$', 'C'],
    ['\\boxed{(C)}', 'C'],
    ['\\boxed{C} is my choice, since (A) is too small', 'C'],
    ['C is correct', 'C'],
    ['C is the best choice.', 'C'],
    ['(C) seems right to me', 'C'],
    ['Option C', 'C'],
    ['The correct option is C.', 'C'],
    ['The correct choice would be C.', 'C'],
    ['The answer I choose is C.', 'C'],
    ['The best answer, in my opinion, is C.', 'C'],
    ['I would go with C.', 'C'],
    ["It's C", 'C'],
    ['It could be (A), but the answer is C', 'C'],
    ['First I thought the answer is A. No: the answer is C.', 'C'],
    ['The answer is not A, but C.', 'C'],
    ['Option A is wrong. Option C is right.', 'C'],
    ['The answer is C, not A.', 'C'],
    ['Neither (A) nor (B), so (C)', 'C'],
    ['Not A, but C', 'C'],
    ['It is not (A) but rather (C).', 'C'],
    ['Therefore, C.', 'C'],
    ['Hence C follows', 'C'],
    ['So C it is.', 'C'],
    ['A cannot be. ⇒ C', 'C'],
    ['Ans: C', 'C'],
    ['The answer is C, so A and B are out.', 'C'],
    ['A and B fall away.\n\nC', 'C'],
    ['<think>\nThe answer is A? No.\n</think>\n\nC', 'C'],
    ['The answer is a question of taste, but (C) is better.', 'C'],
    ['The answer is A because of the light', 'A'],
    ['I think the answer is I.', 'I'],
  ])('%j is %s', (output, letter) => {
    for (const reference of ['A', 'B', 'C', 'I']) {
      expect([reference, graders.multiple_choice.score(output, reference)]).toEqual([
        reference,
        Number(reference === letter),
      ]);
    }
  });

  test.each([
    'A bee flies',
    'I do not know',
    'The answer is a matter of taste',
    'The answer is A matter of taste',
    'I think I know the answer',
    'The answer is Cern',
    'The answer is C-flat',
    'The answer is vitamin C',
    'The answer is either A or C',
    'The answer is not C.',
    'Answer: A, B or C',
    'The answer is C++',
    'Answer: C#',
    'Answer: C++.',
    'A is too small. B is too large.',
    'So A and B are out.',
    'So a bee flies',
    'So I know',
    'Therefore C is wrong',
    'Not bad, but a bit off',
    'Not only A, but also C',
    'Everything but C',
    '',
  ])('%j settles on none', (output) => {
    for (const reference of ['A', 'B', 'C', 'I']) expect(graders.multiple_choice.score(output, reference)).toBe(0);
  });

  test('takes references that are one of the letters', () => {
    expect(graders.multiple_choice.refuses?.('(c)')).toBeUndefined();
    expect(graders.multiple_choice.refuses?.('Paris')).toContain('one of the letters ABCDEFGHIJ');
    expect(graders.multiple_choice.refuses?.('Z')).toBeDefined();
    expect(multipleChoice({ choices: 'ABCD' }).refuses?.('E')).toContain('one of the letters ABCD');
    expect(multipleChoice({ choices: 'ABCD' }).score('Answer: E', 'A')).toBe(0);
  });

  test.each([
    ['answer '.repeat(40_000)],
    ['answer is A or '.repeat(20_000)],
    ['('.repeat(300_000)],
    [`A${' '.repeat(300_000)}`],
    ['A is '.repeat(60_000)],
  ])('%# that would take for ever is read in time', (output) => {
    const before = process.cpuUsage();
    expect(graders.multiple_choice.score(output, 'B')).toBe(0);
    expect(process.cpuUsage(before).user / 1e6).toBeLessThan(10);
  });
});
