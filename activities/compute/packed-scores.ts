/** Scores of many prompts as two pieces of memory: objects are slow to hand to a thread, strings and arrays are not. */
import type { PromptScore } from '../../domain/decide/statistics/paired.ts';

export interface PackedScores {
  /** Hashes, one a line. */
  readonly hashes: string;
  readonly scores: Float64Array;
}

export function packScores(scores: readonly PromptScore[]): PackedScores {
  return {
    hashes: scores.map(({ promptHash }) => promptHash).join('\n'),
    scores: Float64Array.from(scores, ({ score }) => score),
  };
}

export function unpackScores({ hashes, scores }: PackedScores): PromptScore[] {
  const names = scores.length === 0 ? [] : hashes.split('\n');
  return names.map((promptHash, index) => ({ promptHash, score: scores[index] ?? Number.NaN }));
}
