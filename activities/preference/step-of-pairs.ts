/** A step over pairs: the mean loss, the slopes as the trainer is told them, and the metrics. Pure. */
import type { PreferenceSettings } from '../../domain/spec/preference-spec.ts';
import { outcomeOf, type Outcome, type Pair } from './losses.ts';

/** What one answer adds to the weights of its tokens: −∂L/∂log p, float32; zero where something is not finite. */
type Slopes = readonly [first: number, second: number];

/** Outcomes of some pairs of a step that has `all` of them. */
export interface Part {
  readonly outcomes: readonly Outcome[];
  readonly slopes: readonly Slopes[];
  /** Every number of it is one that can be sent. */
  readonly finite: boolean;
}

export function partOf(
  settings: PreferenceSettings,
  pairs: readonly Pair[],
  { all, drift }: { all: number; drift?: number | undefined },
): Part {
  const share = settings.reduction === 'sum' ? 1 : 1 / all;
  const outcomes = pairs.map((pair) => outcomeOf(settings, pair, drift));
  const slopes = outcomes.map(({ first, second }): Slopes => [weight(first, share), weight(second, share)]);
  const finite =
    outcomes.every(({ loss }) => Number.isFinite(loss)) && slopes.every((pair) => pair.every(Number.isFinite));
  return { outcomes, finite, slopes: finite ? slopes : slopes.map((): Slopes => [0, 0]) };
}

/** Never −0: JSON has no such number. */
function weight(slope: number, share: number): number {
  const told = -Math.fround(slope * share);
  return told === 0 ? 0 : told;
}

/** The mean loss of all pairs, whatever the gradient's reduction, and the mean of each metric over those that have it. */
export function summaryOf(parts: readonly Part[]): { loss: number; metrics: Record<string, number> } {
  const outcomes = parts.flatMap((part) => part.outcomes);
  const loss = outcomes.reduce((sum, outcome) => sum + outcome.loss, 0) / outcomes.length;
  const sums = new Map<string, { sum: number; count: number }>();
  for (const { metrics } of outcomes) {
    for (const [name, value] of Object.entries(metrics)) {
      const { sum, count } = sums.get(name) ?? { sum: 0, count: 0 };
      sums.set(name, { sum: sum + value, count: count + 1 });
    }
  }
  const metrics = Object.fromEntries([...sums].map(([name, { sum, count }]) => [name, sum / count]));
  // Labelled rows have a reward each; the margin is between the means of the two kinds.
  const { 'rewards/chosen': chosen, 'rewards/rejected': rejected, 'rewards/margins': known } = metrics;
  if (known === undefined && chosen !== undefined && rejected !== undefined) {
    metrics['rewards/margins'] = chosen - rejected;
  }
  return { loss: parts.every(({ finite }) => finite) ? loss : Number.NaN, metrics };
}
