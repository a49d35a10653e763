/** Graders: how well an output matches its reference, from 0 to 1. */
import type { RunSpec } from '../../workflows/contracts.ts';

export interface Grader {
  /** Scores are only 0 and 1, which calls for another confidence interval. */
  readonly binary: boolean;
  score(output: string, reference: string): number;
}

export const graders: Readonly<Record<RunSpec['evaluate']['grader'], Grader>> = {
  exact_match: {
    binary: true,
    score: (output, reference) => (words(output).join(' ') === words(reference).join(' ') ? 1 : 0),
  },
  edit_similarity: {
    binary: false,
    score: (output, reference) => editSimilarity(words(output), words(reference)),
  },
};

/** White space of any kind and length separates words, and counts for nothing else. */
function words(text: string): string[] {
  return text.split(/\s+/).filter((word) => word !== '');
}

/** 1 − word edits needed ÷ words of the longer one. */
function editSimilarity(output: readonly string[], reference: readonly string[]): number {
  const longer = Math.max(output.length, reference.length);
  return longer === 0 ? 1 : 1 - levenshtein(output, reference) / longer;
}

function levenshtein(from: readonly string[], to: readonly string[]): number {
  let above = Array.from({ length: to.length + 1 }, (_, column) => column);
  for (const [row, word] of from.entries()) {
    const current = [row + 1];
    for (const [column, other] of to.entries()) {
      const replace = (above[column] ?? 0) + (word === other ? 0 : 1);
      const remove = (above[column + 1] ?? 0) + 1;
      const insert = (current[column] ?? 0) + 1;
      current.push(Math.min(replace, remove, insert));
    }
    above = current;
  }
  return above[to.length] ?? 0;
}
