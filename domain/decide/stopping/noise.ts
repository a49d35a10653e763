/** Whether a score is so uncertain that it may well be as good as what it is compared with. */
import type { Goal, StopVerdict, TrialScore } from '../../words/sweep.ts';
import { normalQuantile, TAIL } from '../statistics/distributions.ts';

type Scored = Pick<TrialScore, 'value' | 'low' | 'high'>;

const REPORTED = 1 - 2 * TAIL;

/** The interval of 95 % that scores come with, made as wide as `certainty` asks: each side for itself. */
export function intervalAt({ value, low, high }: Scored, certainty = REPORTED): StopVerdict['interval'] {
  if (low === undefined || high === undefined) return undefined;
  const scale = certainty === REPORTED ? 1 : normalQuantile((1 - certainty) / 2) / normalQuantile(TAIL);
  return { low: value - (value - low) * scale, high: value + (high - value) * scale, certainty };
}

/** The threshold is taken as it stands: it is another trial's score, and as uncertain as this one. */
export function reaches(interval: StopVerdict['interval'], threshold: number, goal: Goal): boolean {
  if (interval === undefined) return false;
  return goal === 'maximize' ? interval.high >= threshold : interval.low <= threshold;
}

/** `0.4123 (0.38 to 0.45)` */
export function scoreText(score: number, interval: StopVerdict['interval']): string {
  return interval === undefined ? short(score) : `${short(score)} (${short(interval.low)} to ${short(interval.high)})`;
}

export function short(value: number): string {
  return String(Number(value.toPrecision(4)));
}
