/** Any two evaluations compared, prompt by prompt: those that nobody compared when they were recorded. */
import { pairedDifference } from '../../domain/decide/statistics/paired.ts';
import type { Evaluation } from '../../domain/words/evaluation.ts';
import { comparable } from '../../domain/words/suites.ts';
import type { Comparison, StoreReader } from '../../store/index.ts';

/** Candidate minus reference, whichever runs they are of. Undefined where scores of one say nothing about the other. */
export async function compareEvaluations(
  reader: Pick<StoreReader, 'promptScores'>,
  reference: Evaluation,
  candidate: Evaluation,
): Promise<Comparison | undefined> {
  if (reference.id === candidate.id || !comparable(reference, candidate)) return undefined;
  const difference = pairedDifference(await reader.promptScores(reference.id), await reader.promptScores(candidate.id));
  return difference && { reference: reference.checkpoint, ...difference };
}
