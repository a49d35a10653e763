/** An evaluation and its repetition, compared from the samples that are stored. */
import type { Evaluation } from '../../domain/words/evaluation.ts';
import type { ScoreDifference } from '../../domain/words/serving.ts';
import { pairedDifference } from '../../domain/decide/statistics/paired.ts';
import { sameAnswers, type SameAnswers } from '../../domain/decide/statistics/same-answers.ts';
import type { StoreReader } from '../../store/index.ts';

export interface Reproduction {
  readonly before: Evaluation;
  readonly after: Evaluation;
  readonly answers: SameAnswers;
  /** Score after minus score before, on the prompts that both answered. */
  readonly difference?: ScoreDifference;
  /** No randomness was asked for: the answers must be the same. */
  readonly greedy: boolean;
  readonly reproduced: boolean;
}

/** Greedy answers must be identical; others must score what the first ones did, as far as chance goes. */
export async function compareReproduction(
  reader: Pick<StoreReader, 'samples' | 'promptScores'>,
  { before, after, greedy }: { before: Evaluation; after: Evaluation; greedy: boolean },
): Promise<Reproduction> {
  const answers = sameAnswers(await reader.samples(before.id), await reader.samples(after.id));
  const difference = pairedDifference(await reader.promptScores(before.id), await reader.promptScores(after.id));
  const identical = answers.pairs > 0 && answers.identical === answers.pairs && (drawn(before) || asLikely(answers));
  return {
    before,
    after,
    answers,
    ...(difference !== undefined && { difference }),
    greedy,
    reproduced: identical || (!greedy && withinChance(before, after, difference)),
  };
}

/** Where nothing is drawn the answers are the references, which are the same whatever the model thinks of them. */
function drawn({ sampling }: Evaluation): boolean {
  return sampling?.maxTokens !== 0;
}

/** Nats per token that two servings of the same weights may differ by: sums are rounded in the order of a batch. */
const ROUNDING = 0.01;

function asLikely({ maxLogprobDifference = Number.NaN }: SameAnswers): boolean {
  return maxLogprobDifference <= ROUNDING;
}

function withinChance(before: Evaluation, after: Evaluation, difference: ScoreDifference | undefined): boolean {
  if (difference?.low === undefined || difference.high === undefined) {
    return after.score >= before.low && after.score <= before.high;
  }
  return difference.low <= 0 && difference.high >= 0;
}
