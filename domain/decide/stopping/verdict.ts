/** Whether a trial that was just scored is stopped. */
import type { StopVerdict, Trial } from '../../words/sweep.ts';
import { halvingVerdict } from './halving.ts';
import { medianVerdict } from './median.ts';
import { placedScores, type StopRule } from './rungs.ts';

/** Which score is judged: that of this trial which came as number `order`. */
interface Judged {
  readonly number: number;
  readonly order: number;
}

/**
 * A function of the scores that had come when this one came: what comes later changes nothing, so that a verdict is the
 * same whenever it is asked for again. Undefined where there is no such score, or it is of step 0.
 */
export function stopVerdict(
  rule: StopRule,
  trials: readonly Trial[],
  { number, order }: Judged,
): StopVerdict | undefined {
  const trial = trials.find((one) => one.number === number);
  const score = trial && placedScores(trial, rule.stopEarly).find((one) => one.order === order);
  if (score === undefined) return undefined;
  const judge = rule.stopEarly.rule === 'median' ? medianVerdict : halvingVerdict;
  return judge(rule, trials, { number, score });
}
