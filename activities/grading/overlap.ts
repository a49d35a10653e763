/** `f1` and `rouge_l`: how much of the reference is in an answer, and how much of the answer in the reference. */
import type { TextGrader } from './grader.ts';
import { longestCommon } from './sequences.ts';

/** Of both: 2PR ÷ (P + R). */
function harmonic(shared: number, given: number, wanted: number): number {
  return shared === 0 ? 0 : (2 * shared) / (given + wanted);
}

/** The words that both have, in any order, as SQuAD counts them: without case, punctuation and articles. */
export const f1: TextGrader = {
  binary: false,
  score(output, reference) {
    const [given, wanted] = [squadWords(output), squadWords(reference)];
    if (given.length === 0 || wanted.length === 0) return given.length === wanted.length ? 1 : 0;
    const left = new Map<string, number>();
    for (const word of wanted) left.set(word, (left.get(word) ?? 0) + 1);
    let shared = 0;
    for (const word of given) {
      const count = left.get(word) ?? 0;
      if (count > 0) shared += 1;
      left.set(word, count - 1);
    }
    return harmonic(shared, given.length, wanted.length);
  },
};

/** The longest sequence of words that both have, as the F-measure of Google's `rouge_score` without stemming. */
export const rougeL: TextGrader = {
  binary: false,
  refuses: (reference) =>
    rougeWords(reference).length === 0
      ? 'the reference has no word that ROUGE knows, which are of a to z and 0 to 9'
      : undefined,
  score(output, reference) {
    const [given, wanted] = [rougeWords(output), rougeWords(reference)];
    return harmonic(longestCommon(given, wanted), given.length, wanted.length);
  },
};

const PUNCTUATION = /[!-/:-@[-`{-~]/g;
/** Within words of any script, as Python's `\b` has it. */
const ARTICLE = /(?<![\p{L}\p{N}_])(?:a|an|the)(?![\p{L}\p{N}_])/gu;

function squadWords(text: string): readonly string[] {
  const plain = text.toLowerCase().replaceAll(PUNCTUATION, '').replaceAll(ARTICLE, ' ');
  return plain.split(/[\s\u0085]+/).filter((word) => word !== '');
}

function rougeWords(text: string): readonly string[] {
  return text.toLowerCase().match(/[a-z0-9]+/g) ?? [];
}
