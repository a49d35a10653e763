/** How reasons speak of scores, gains and their uncertainty. */
import type { Evaluation } from '../words/evaluation.ts';

export function percent(value: number): string {
  return `${(value * 100).toFixed(1)} %`;
}

export function scoreText({ metric, score }: Evaluation): string {
  return `${metric} ${percent(score)}`;
}

/** Said of a difference that may be chance: the other score lies within this one's interval. */
export function noiseText({ score, low, high }: Evaluation, other: number): string {
  return score !== other && low <= other && other <= high ? ', a difference within its interval' : '';
}
