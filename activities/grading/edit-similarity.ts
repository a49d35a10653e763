/** `edit_similarity`: 1 − word edits ÷ words of the longer text. */
import type { TextGrader } from './grader.ts';
import { wordEdits } from './sequences.ts';
import { words } from './words.ts';

export const editSimilarity: TextGrader = {
  binary: false,
  score(output, reference) {
    const [given, wanted] = [words(output), words(reference)];
    const longer = Math.max(given.length, wanted.length);
    return longer === 0 ? 1 : 1 - wordEdits(given, wanted) / longer;
  },
};
