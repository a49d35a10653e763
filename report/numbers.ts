/** Numbers as a report writes them. */
import { VALIDATION_LOSS, VALIDATION_METRIC } from '../domain/words/names.ts';
import type { Evaluation } from '../domain/words/evaluation.ts';
import type { PairedDifference } from '../domain/decide/statistics/paired.ts';

function percent(value: number): string {
  return `${(value * 100).toFixed(1)} %`;
}

/** A loss is no share of anything. */
export function valueOf(suite: string, value: number): string {
  return suite === VALIDATION_LOSS || suite === VALIDATION_METRIC ? value.toFixed(4) : percent(value);
}

export function scoreText({ score, low, high, metric }: Pick<Evaluation, 'score' | 'low' | 'high' | 'metric'>): string {
  const whole = valueOf(metric, score);
  return metric === VALIDATION_METRIC ? whole : `${whole} [${(low * 100).toFixed(1)}, ${(high * 100).toFixed(1)}]`;
}

/** In points of a percent, with what it rests on. */
export function differenceText({ mean, low, high, pairs, pairsToSettle }: PairedDifference): string {
  const points = (value: number): string => `${value < 0 ? '' : '+'}${(value * 100).toFixed(1)}`;
  const interval = low === undefined || high === undefined ? '' : ` [${points(low)}, ${points(high)}]`;
  const noise = pairsToSettle === undefined ? '' : `; within the noise, about ${pairsToSettle} prompts would settle it`;
  return `${points(mean)} points${interval} on ${pairs} prompts${noise}`;
}

export function moneyText(cost: number, currency: string): string {
  return `${cost.toFixed(2)} ${currency}`;
}

export function hoursText(hours: number): string {
  return hours < 1 ? `${(hours * 60).toFixed(1)} min` : `${hours.toFixed(2)} h`;
}

/** `2026-11-28 10:15:00`, in UTC. */
export function timeText(iso: string): string {
  return iso.slice(0, 'YYYY-MM-DDThh:mm:ss'.length).replace('T', ' ');
}
