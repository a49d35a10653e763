/** Where a checkpoint stands between a good and a bad one, prompt by prompt. Pure. */
import type { ProbeStanding } from '../../domain/words/serving.ts';
import { TAIL } from '../../domain/decide/statistics/distributions.ts';
import { pairedDifference, type PromptScore } from '../../domain/decide/statistics/paired.ts';

/**
 * Only what is beyond chance counts: an interval that holds zero says neither. `tail`: the chance of being wrong on either
 * side, smaller where the good one was chosen among many.
 */
export function standingOf(scores: {
  good: readonly PromptScore[];
  bad: readonly PromptScore[];
  probe: readonly PromptScore[];
  tail?: number | undefined;
}): ProbeStanding {
  const { tail = TAIL } = scores;
  const overGood = pairedDifference(scores.good, scores.probe, { tail });
  if (overGood === undefined) return { standing: 'unclear' };
  const { mean, low, high, pairs } = overGood;
  const told = { mean, pairs, ...(low !== undefined && { low }), ...(high !== undefined && { high }) };
  if (high !== undefined && high < 0) return { standing: 'fell', overGood: told };
  const overBad = pairedDifference(scores.bad, scores.probe, { tail });
  const held = overBad?.low !== undefined && overBad.low > 0;
  return { standing: held ? 'held' : 'unclear', overGood: told };
}
