/** From samples to a score: over prompts, with its interval, and what is missing. Pure. */
import type { Evaluation } from '../../domain/words/evaluation.ts';
import type { SampleRecord } from '../../store/index.ts';
import { promptScores } from '../../domain/decide/statistics/prompt-scores.ts';
import { interval } from '../../domain/decide/statistics/intervals.ts';

type Score = Pick<Evaluation, 'score' | 'low' | 'high' | 'samples' | 'prompts' | 'missing' | 'cut' | 'entropy'>;

/** At least one prompt must have a score. `binary`: scores are only 0 and 1. `draws`: samples are the model's own. */
export function scoreOf(
  samples: readonly SampleRecord[],
  { binary, draws, passAt }: { binary: boolean; draws: boolean; passAt?: number | undefined },
): Score {
  const scores = promptScores(samples, { passAt }).map(({ score }) => score);
  // The mean of several answers is a fraction, unless all of them agree.
  const { mean, low, high } = interval(scores, {
    binary: binary && scores.every((score) => score === 0 || score === 1),
  });
  const produced = samples.filter((sample) => sample.kind === 'produced');
  const cut = draws ? produced.filter(({ finishReason }) => finishReason === 'length').length : 0;
  const logprobs = produced.flatMap(({ meanLogprob }) => (meanLogprob === undefined ? [] : [meanLogprob]));
  return {
    score: mean,
    low,
    high,
    samples: produced.length,
    prompts: scores.length,
    missing: samples.length - produced.length,
    ...(cut > 0 && { cut }),
    ...(draws &&
      logprobs.length > 0 && { entropy: -logprobs.reduce((sum, value) => sum + value, 0) / logprobs.length }),
  };
}
