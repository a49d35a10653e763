/** What each prompt scored, from its samples: answers to one prompt are not independent, so prompts are what is compared. */
import type { SampleRecord } from '../../words/samples.ts';
import type { PromptScore } from './paired.ts';
import { passAtK } from './pass-at-k.ts';

/**
 * In order of prompt: the mean over its produced samples, or pass@k of them. A prompt without enough samples has no
 * score; it is missing, never zero.
 */
export function promptScores(
  samples: readonly SampleRecord[],
  { passAt }: { readonly passAt?: number | undefined } = {},
): readonly PromptScore[] {
  const byPrompt = new Map<number, { promptHash: string; scores: number[] }>();
  for (const sample of samples) {
    if (sample.kind === 'missing') continue;
    const { promptIndex, promptHash, score } = sample;
    const known = byPrompt.get(promptIndex);
    if (known === undefined) byPrompt.set(promptIndex, { promptHash, scores: [score] });
    else known.scores.push(score);
  }
  return [...byPrompt]
    .sort(([one], [other]) => one - other)
    .flatMap(([, { promptHash, scores }]) => {
      const score = scoreOf(scores, passAt);
      return score === undefined ? [] : [{ promptHash, score }];
    });
}

function scoreOf(scores: readonly number[], passAt: number | undefined): number | undefined {
  if (passAt === undefined) return scores.reduce((sum, score) => sum + score, 0) / scores.length;
  if (scores.length < passAt) return undefined;
  return passAtK({ n: scores.length, correct: scores.filter((score) => score === 1).length, k: passAt });
}
