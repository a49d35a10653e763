/** How reasons speak of scores, gains and their uncertainty. */
import { VALIDATION_METRIC } from '../words/names.ts';
import type { Evaluation } from '../words/evaluation.ts';

function percent(value: number): string {
  return `${(value * 100).toFixed(1)} %`;
}

/** A score, or a distance between two, in the unit of the metric: losses are no parts of a whole. */
export function amount({ metric }: Pick<Evaluation, 'metric'>, value: number): string {
  return metric === VALIDATION_METRIC ? value.toFixed(4) : percent(value);
}

export function scoreText(evaluation: Evaluation): string {
  return `${evaluation.metric} ${amount(evaluation, evaluation.score)}`;
}

/** Said of a difference that may be chance: the other score lies within this one's interval. */
export function noiseText({ score, low, high }: Evaluation, other: number): string {
  return score !== other && low <= other && other <= high ? ', a difference within its interval' : '';
}
