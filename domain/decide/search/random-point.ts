/** Values drawn from a space as its distributions have them, each for itself. */
import type { ParameterValue } from '../../spec/search-space.ts';
import type { TrialParameters } from '../../words/sweep.ts';
import { normalQuantile } from '../statistics/distributions.ts';
import { pointOf, valueAt, type Dimension, type Numeric } from './dimensions.ts';
import { uniformAt } from './random.ts';

export function randomPoint(dimensions: readonly Dimension[], at: { seed: number; number: number }): TrialParameters {
  return pointOf(dimensions, (dimension) => randomValue(dimension, at));
}

/** A dimension that is added or taken away changes nothing about the others: each has numbers of its own. */
export function randomValue({ name, form }: Dimension, at: { seed: number; number: number }): ParameterValue {
  const chance = uniformAt({ ...at, purpose: name });
  if (form.kind === 'choice') return form.values[drawn(form.probabilities, chance)] ?? null;
  return valueAt(form, placeFor(form, chance));
}

function placeFor({ low, high, prior }: Numeric, chance: number): number {
  if (Number.isFinite(low)) return low + chance * (high - low);
  // Never quite 0 or 1, where the normal distribution has no end.
  const inside = chance + 2 ** -54;
  return prior.mu + prior.sigma * (inside < 0.5 ? -normalQuantile(inside) : normalQuantile(1 - inside));
}

/** Which of some weights, together 1, a chance in [0, 1) falls on. */
export function drawn(weights: readonly number[], chance: number): number {
  let sum = 0;
  for (const [index, weight] of weights.entries()) {
    sum += weight;
    if (chance < sum) return index;
  }
  // Rounding left a gap: the last one that can come at all.
  return Math.max(
    0,
    weights.findLastIndex((weight) => weight > 0),
  );
}
