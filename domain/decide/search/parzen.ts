/**
 * Densities from what was tried: a mixture of one kernel for each observation and one for what was believed before, as
 * Optuna's _ParzenEstimator has it (prior weight 1, magic clip, no endpoints); the distances to neighbours that make a
 * kernel wide or narrow are J. Bergstra, R. Bardenet, Y. Bengio and B. Kégl's ("Algorithms for hyper-parameter optimization", 2011).
 */
import { normalMass, truncatedQuantile } from '../statistics/normal-mass.ts';
import { cellOf, onScale, valueAt, type Choice, type Numeric } from './dimensions.ts';
import { drawn } from './random-point.ts';

/** Of one dimension: a kernel for each observation, the last one for the prior. */
interface Kernels {
  /** A place drawn from the kernel, by a chance in [0, 1). */
  sample(kernel: number, chance: number): number;
  /** Multiplies each kernel's density at the place into `densities`. */
  weigh(place: number, densities: Float64Array): void;
}

export interface Mixture {
  /** Together 1. */
  readonly weights: readonly number[];
  /** One for each dimension. */
  readonly kernels: readonly Kernels[];
}

/** Observations are places in each of the dimensions, the oldest first. */
export function mixtureOf(forms: readonly (Choice | Numeric)[], observations: readonly (readonly number[])[]): Mixture {
  const weights = [...ages(observations.length), 1];
  const total = weights.reduce((sum, weight) => sum + weight, 0);
  return {
    weights: weights.map((weight) => weight / total),
    kernels: forms.map((form, index) => {
      const places = observations.map((observation) => observation[index] ?? 0);
      return form.kind === 'choice' ? choiceKernels(form, places) : numericKernels(form, places);
    }),
  };
}

/** The newest 25 count fully, older ones less and less. */
function ages(count: number): number[] {
  const old = Math.max(0, count - 25);
  return Array.from({ length: count }, (_, index) => {
    if (index >= old) return 1;
    return old === 1 ? 1 / count : 1 / count + ((1 - 1 / count) * index) / (old - 1);
  });
}

/** A point from the mixture: `chances` has one for the kernel, and one for each dimension. */
export function sampleOf(
  { weights, kernels }: Mixture,
  chances: { kernel: number; places: readonly number[] },
): number[] {
  const kernel = drawn(weights, chances.kernel);
  return kernels.map((one, index) => one.sample(kernel, chances.places[index] ?? 0));
}

export function densityAt({ weights, kernels }: Mixture, point: readonly number[]): number {
  const densities = Float64Array.from(weights);
  for (const [index, one] of kernels.entries()) one.weigh(point[index] ?? 0, densities);
  return densities.reduce((sum, density) => sum + density, 0);
}

/** Each observation is one of the choices, and a little of all others: the less, the more observations there are. */
function choiceKernels({ probabilities }: Choice, places: readonly number[]): Kernels {
  const count = places.length + 1;
  const prior = probabilities.map((one) => one * probabilities.length);
  const rowOf = (kernel: number): number[] => {
    const own = places[kernel];
    // Without observations, and for the prior itself, what is believed of each choice.
    const row = prior.map((one, choice) => one / count + (choice === own ? 1 : 0));
    const total = row.reduce((sum, one) => sum + one, 0);
    return row.map((one) => one / total);
  };
  return {
    sample: (kernel, chance) => drawn(rowOf(kernel), chance),
    weigh(place, densities) {
      const total = probabilities.length / count;
      const other = (prior[place] ?? 0) / count;
      for (const [kernel, own] of places.entries()) {
        densities[kernel] = (densities[kernel] ?? 0) * ((other + (own === place ? 1 : 0)) / (total + 1));
      }
      densities[places.length] = (densities[places.length] ?? 0) * (other / total);
    },
  };
}

function numericKernels(form: Numeric, places: readonly number[]): Kernels {
  const { low, high, prior } = form;
  const means = Float64Array.from([...places, prior.mu]);
  const widths = Float64Array.from([...widthsOf(form, places), prior.sigma]);
  const masses = means.map((mean, kernel) => normalMass((low - mean) / width(kernel), (high - mean) / width(kernel)));
  function width(kernel: number): number {
    return widths[kernel] ?? 1;
  }
  return {
    sample(kernel, chance) {
      const mean = means[kernel] ?? 0;
      const deviations = truncatedQuantile((low - mean) / width(kernel), (high - mean) / width(kernel), chance);
      return onScale(form, valueAt(form, mean + deviations * width(kernel)));
    },
    weigh:
      form.step === undefined ? weighPoints({ means, widths, masses }) : weighCells(form, { means, widths, masses }),
  };
}

interface Normals {
  readonly means: Float64Array;
  readonly widths: Float64Array;
  /** Of each kernel between the ends of the dimension. */
  readonly masses: Float64Array;
}

function weighPoints({ means, widths, masses }: Normals): Kernels['weigh'] {
  const heights = widths.map((width, kernel) => 1 / (width * Math.sqrt(2 * Math.PI) * (masses[kernel] ?? 1)));
  return (place, densities) => {
    for (let kernel = 0; kernel < densities.length; kernel++) {
      const deviations = (place - (means[kernel] ?? 0)) / (widths[kernel] ?? 1);
      densities[kernel] = (densities[kernel] ?? 0) * Math.exp((-deviations * deviations) / 2) * (heights[kernel] ?? 0);
    }
  };
}

/** Of quantized values: the mass of the part of the scale that each stands for. The same values come again and again. */
function weighCells(form: Numeric, { means, widths, masses }: Normals): Kernels['weigh'] {
  const known = new Map<number, Float64Array>();
  const massesAt = (place: number): Float64Array => {
    const { left, right } = cellOf(form, valueAt(form, place));
    return means.map((mean, kernel) => {
      const width = widths[kernel] ?? 1;
      return normalMass((left - mean) / width, (right - mean) / width) / (masses[kernel] ?? 1);
    });
  };
  return (place, densities) => {
    const found = known.get(place) ?? massesAt(place);
    known.set(place, found);
    for (let kernel = 0; kernel < densities.length; kernel++) {
      densities[kernel] = (densities[kernel] ?? 0) * (found[kernel] ?? 0);
    }
  };
}

/** As far as the farther of an observation's neighbours, the ends of the space among them where it is alone. */
function widthsOf({ low, high, prior }: Numeric, places: readonly number[]): number[] {
  const order = places.map((_, index) => index).sort((one, other) => (places[one] ?? 0) - (places[other] ?? 0));
  const sorted = [low, ...order.map((index) => places[index] ?? 0), high];
  const narrowest = prior.sigma / Math.min(100, 2 + places.length);
  const widths: number[] = [];
  for (const [rank, index] of order.entries()) {
    const before = (sorted[rank + 1] ?? 0) - (sorted[rank] ?? 0);
    const after = (sorted[rank + 2] ?? 0) - (sorted[rank + 1] ?? 0);
    const alone = order.length === 1;
    const reach = Math.max(rank === 0 && !alone ? 0 : before, rank === order.length - 1 && !alone ? 0 : after);
    widths[index] = Math.min(prior.sigma, Math.max(narrowest, reach));
  }
  return widths;
}
