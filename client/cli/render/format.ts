/** Numbers as people read them: scores, durations, money, a bar. Pure. */
import { VALIDATION_METRIC } from '../../../domain/words/names.ts';
import type { Evaluation } from '../../../domain/words/evaluation.ts';
import type { ScoreDifference } from '../../../domain/words/serving.ts';
import { oneLine } from './text.ts';

/** A setting, as short as it can be told. */
export function shortValue(value: unknown): string {
  if (value === undefined) return '-';
  if (typeof value === 'number' && !Number.isInteger(value)) return value.toPrecision(4).replace(/\.?0+(e|$)/, '$1');
  return typeof value === 'string' ? oneLine(value) : JSON.stringify(value);
}

export function percent(value: number): string {
  return `${(value * 100).toFixed(1)} %`;
}

/** `97,243`. */
export function count(value: number): string {
  return value.toLocaleString('en-US');
}

/** `3 %`, and never none where there is one, nor all where one is lacking. */
export function share(part: number, whole: number): string {
  const exact = whole === 0 ? 0 : (100 * part) / whole;
  if (part > 0 && exact < 0.1) return 'under 0.1 %';
  if (part < whole && exact > 99.9) return 'over 99.9 %';
  return `${exact < 10 && !Number.isInteger(exact) ? exact.toFixed(1) : Math.round(exact)} %`;
}

/** `12.1 % [8.6, 16.7]`; the interval is the 95 % one. */
export function scoreText({
  score,
  low,
  high,
  metric,
}: Pick<Evaluation, 'score' | 'low' | 'high'> & Partial<Pick<Evaluation, 'metric'>>): string {
  // Of the same rows each time: there is no interval.
  if (metric === VALIDATION_METRIC) return score.toFixed(4);
  return `${percent(score)} [${(low * 100).toFixed(1)}, ${(high * 100).toFixed(1)}]`;
}

/** `+12.1 [+8.6, +16.7]`, in points of a percent: a paired difference with its 95 % interval. */
export function differenceText({ mean, low, high }: ScoreDifference): string {
  const points = (value: number): string => `${value < 0 ? '' : '+'}${(value * 100).toFixed(1)}`;
  const interval = low === undefined || high === undefined ? '' : ` [${points(low)}, ${points(high)}]`;
  return `${points(mean)}${interval}`;
}

/** `42 s`, `3 m 05 s`, `2 h 07 m`, `3 d 04 h`. */
export function durationText(seconds: number): string {
  const whole = Math.max(0, Math.round(seconds));
  const two = (value: number): string => String(value).padStart(2, '0');
  if (whole < 60) return `${whole} s`;
  if (whole < 3_600) return `${Math.floor(whole / 60)} m ${two(whole % 60)} s`;
  const minutes = Math.floor(whole / 60);
  if (whole < 86_400) return `${Math.floor(minutes / 60)} h ${two(minutes % 60)} m`;
  const hours = Math.floor(minutes / 60);
  return `${Math.floor(hours / 24)} d ${two(hours % 24)} h`;
}

/** What was spent since the first lease. Without prices there is nothing to add up, and that is said. */
export function costText(facts: {
  costPerHour: number;
  rentedSinceMs: number;
  nowMs: number;
  currency: string;
}): string {
  const seconds = Math.max(0, (facts.nowMs - facts.rentedSinceMs) / 1_000);
  const rented = `rented for ${durationText(seconds)}`;
  if (facts.costPerHour === 0) return `free (no prices set), ${rented}`;
  const spent = (facts.costPerHour * seconds) / 3_600;
  return `${spent.toFixed(2)} ${facts.currency}, ${rented} at ${facts.costPerHour.toFixed(2)} an hour`;
}

export function bar(done: number, total: number, width: number): string {
  const filled = total <= 0 ? 0 : Math.min(width, Math.floor((done / total) * width));
  return '━'.repeat(filled) + '╌'.repeat(width - filled);
}

export function lossText(lossMean: number): string {
  return `loss ${lossMean.toFixed(3)}`;
}

export function paceText(secondsPerStep: number): string {
  return `${secondsPerStep.toPrecision(2)} s/step`;
}
