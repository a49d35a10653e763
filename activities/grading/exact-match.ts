/** `exact_match`: the same words in the same order. */
import type { TextGrader } from './grader.ts';
import { words } from './words.ts';

export const exactMatch: TextGrader = {
  binary: true,
  score: (output, reference) => (words(output).join(' ') === words(reference).join(' ') ? 1 : 0),
};
