/** What log-probabilities of rows that are held out come to. Pure, float64, in the order of the rows. */
import type { PreferenceSettings } from '../../domain/spec/preference-spec.ts';
import type { Validation } from '../../domain/words/checkpoint.ts';
import { driftOf, type Answer, type Pair } from '../preference/losses.ts';
import { partOf, summaryOf } from '../preference/step-of-pairs.ts';

/** The mean of −log p over all trained tokens of all rows: long rows weigh more, as they do in training. */
export function lossOfRows(answers: readonly Answer[]): Validation {
  const tokens = tokensOf(answers);
  const sum = answers.reduce((total, { logprob }) => total - logprob, 0);
  return { loss: sum / tokens, rows: answers.length, tokens };
}

/** Examples come two a pair, as the dataset has them; KTO's z₀ is that of all rows together. */
export function lossOfPairs(
  settings: PreferenceSettings,
  answers: readonly Answer[],
  labels: readonly (boolean | undefined)[],
): Validation {
  const pairs: Pair[] = [];
  for (let at = 0; at + 1 < answers.length; at += 2) {
    const [first, second] = answers.slice(at, at + 2) as [Answer, Answer];
    const label = labels[at];
    pairs.push({ first, second, ...(label !== undefined && { label }) });
  }
  const labelled = settings.loss === 'kto';
  const drift = labelled ? driftOf(pairs) : undefined;
  const { loss, metrics } = summaryOf([partOf(settings, pairs, { all: pairs.length, drift })]);
  const counted = labelled ? pairs.map(({ first }) => first) : answers;
  const told = Object.entries(metrics).filter(([, value]) => Number.isFinite(value));
  return { loss, rows: pairs.length, tokens: tokensOf(counted), metrics: Object.fromEntries(told) };
}

function tokensOf(answers: readonly Answer[]): number {
  return answers.reduce((sum, { tokens }) => sum + tokens, 0);
}
