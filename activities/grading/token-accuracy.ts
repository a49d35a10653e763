/**
 * `token_accuracy`: 1 − error rate, where the error rate is word edits ÷ words of the reference: the phoneme error rate
 * where the words are phonemes. Turned around, since every score is the better the higher; an answer with more errors
 * than the reference has words counts as all wrong.
 */
import type { TextGrader } from './grader.ts';
import { wordEdits } from './sequences.ts';
import { words } from './words.ts';

export const tokenAccuracy: TextGrader = {
  binary: false,
  score(output, reference) {
    const [given, wanted] = [words(output), words(reference)];
    if (wanted.length === 0) return given.length === 0 ? 1 : 0;
    // Words too many are edits too: there is nothing to be counted.
    if (given.length >= 2 * wanted.length) return 0;
    return Math.max(0, 1 - wordEdits(given, wanted) / wanted.length);
  },
};
