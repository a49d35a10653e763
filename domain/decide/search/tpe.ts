/**
 * The tree-structured Parzen estimator: of some points drawn where good trials lie, the one that is likeliest to be good.
 *
 * J. Bergstra, R. Bardenet, Y. Bengio and B. Kégl, "Algorithms for hyper-parameter optimization", NIPS 2011; in the form
 * of Optuna's TPESampler (5.0), whose defaults these are, but for `multivariate`.
 */
import type { ParameterValue } from '../../spec/search-space.ts';
import type { SweepSpec } from '../../spec/sweep-spec.ts';
import type { Goal, Trial, TrialParameters } from '../../words/sweep.ts';
import { placeOf, pointOf, valueAt, type Choice, type Dimension, type Numeric } from './dimensions.ts';
import { divided, type Divided } from './good-and-bad.ts';
import { densityAt, mixtureOf, sampleOf } from './parzen.ts';
import { uniformAt } from './random.ts';
import { randomPoint } from './random-point.ts';

interface Asked {
  readonly seed: number;
  readonly number: number;
  readonly goal: Goal;
  readonly search: SweepSpec['search'];
}

export function tpePoint(dimensions: readonly Dimension[], trials: readonly Trial[], asked: Asked): TrialParameters {
  const known = divided(trials, asked);
  if (known.known < asked.search.startup) return randomPoint(dimensions, asked);
  // What exists under conditions only is learned for itself, from those trials that had it.
  const together = dimensions.filter(({ conditions }) => asked.search.multivariate && conditions.length === 0);
  const joint = best(together, known, asked);
  return pointOf(
    dimensions,
    (dimension) => joint.get(dimension.name) ?? best([dimension], known, asked).get(dimension.name) ?? null,
  );
}

/** Values for these dimensions, chosen together. */
function best(dimensions: readonly Dimension[], known: Divided, asked: Asked): Map<string, ParameterValue> {
  const varied = dimensions.filter(({ form }) => form.kind === 'number' || form.values.length > 1);
  const fixed = dimensions.filter((dimension) => !varied.includes(dimension));
  const found = new Map<string, ParameterValue>(fixed.map(({ name, form }) => [name, valueOf(form, 0)]));
  if (varied.length === 0) return found;
  const winner = likeliest(varied, known, asked);
  for (const [index, { name, form }] of varied.entries()) found.set(name, valueOf(form, winner[index] ?? 0));
  return found;
}

function likeliest(dimensions: readonly Dimension[], { good, bad }: Divided, asked: Asked): readonly number[] {
  const forms = dimensions.map(({ form }) => form);
  const goodOnes = mixtureOf(forms, observed(dimensions, good));
  const badOnes = mixtureOf(forms, observed(dimensions, bad));
  const names = dimensions.map(({ name }) => name);
  let winner: { point: readonly number[]; gain: number } | undefined;
  for (let candidate = 0; candidate < asked.search.candidates; candidate++) {
    const point = sampleOf(goodOnes, {
      kernel: uniformAt({ ...asked, purpose: `kernel of ${names.join(' ')}` }, candidate),
      places: names.map((name) => uniformAt({ ...asked, purpose: `candidate of ${name}` }, candidate)),
    });
    const gain = Math.log(densityAt(goodOnes, point)) - Math.log(densityAt(badOnes, point));
    if (winner === undefined || gain > winner.gain) winner = { point, gain };
  }
  return winner?.point ?? [];
}

/** Places of those trials that have a value in each of the dimensions. */
function observed(dimensions: readonly Dimension[], trials: readonly Trial[]): number[][] {
  return trials.flatMap(({ parameters }) => {
    const places = dimensions.map(({ name, form }) => placeOf(form, parameters[name]));
    return places.every((place) => place !== undefined) ? [places] : [];
  });
}

function valueOf(form: Choice | Numeric, place: number): ParameterValue {
  return form.kind === 'choice' ? (form.values[place] ?? null) : valueAt(form, place);
}
