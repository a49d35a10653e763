/** Parameters as dimensions of a space: on which scale numbers are drawn and compared, and which values there are. */
import {
  distributionOf,
  latticeOf,
  type Distribution,
  type ParameterSpec,
  type ParameterValue,
} from '../../spec/search-space.ts';
import { conditionsOf, multiple } from '../../spec/space-rules.ts';
import type { TrialParameters } from '../../words/sweep.ts';

export interface Choice {
  readonly kind: 'choice';
  readonly values: readonly ParameterValue[];
  /** As many as values; together 1. */
  readonly probabilities: readonly number[];
}

/** Numbers, on their own scale or that of their logarithms. */
export interface Numeric {
  readonly kind: 'number';
  readonly log: boolean;
  /** Ends on the scale, half a step beyond the outermost multiples where there are steps; infinite for normal ones. */
  readonly low: number;
  readonly high: number;
  /** What is believed before anything was tried: this normal distribution between the ends. */
  readonly prior: { readonly mu: number; readonly sigma: number };
  /** Ends of the values themselves. */
  readonly least: number;
  readonly most: number;
  readonly step?: number;
}

export interface Dimension {
  readonly name: string;
  readonly conditions: readonly (readonly [string, readonly ParameterValue[]])[];
  readonly form: Choice | Numeric;
}

/** In the order of the file. */
export function dimensionsOf(parameters: Readonly<Record<string, ParameterSpec>>): Dimension[] {
  return Object.entries(parameters).map(([name, spec]) => ({
    name,
    conditions: conditionsOf(spec),
    form: formOf(spec),
  }));
}

function formOf(spec: ParameterSpec): Choice | Numeric {
  const distribution = distributionOf(spec);
  if (distribution === 'constant') return { kind: 'choice', values: [spec.value ?? null], probabilities: [1] };
  if (distribution === 'categorical') {
    const { values = [] } = spec;
    return { kind: 'choice', values, probabilities: spec.probabilities ?? values.map(() => 1 / values.length) };
  }
  return distribution.endsWith('normal') ? normalForm(distribution, spec) : boundedForm(distribution, spec);
}

function normalForm(distribution: Distribution, { mu = 0, sigma = 1, q = 1 }: ParameterSpec): Numeric {
  const log = distribution.endsWith('log_normal');
  const step = distribution.startsWith('q_') ? q : undefined;
  return {
    kind: 'number',
    log,
    low: Number.NEGATIVE_INFINITY,
    high: Number.POSITIVE_INFINITY,
    prior: { mu, sigma },
    // The logarithm of 0 is none.
    least: log ? (step ?? 0) : Number.NEGATIVE_INFINITY,
    most: Number.POSITIVE_INFINITY,
    ...(step !== undefined && { step }),
  };
}

function boundedForm(distribution: Distribution, spec: ParameterSpec): Numeric {
  const log = distribution.includes('log');
  const lattice = latticeOf(spec);
  const { least, most, half } =
    lattice === undefined
      ? { ...rangeOf(distribution, spec), half: 0 }
      : {
          least: multiple(lattice.first, lattice.q),
          most: multiple(lattice.last, lattice.q),
          half: lattice.q / 2,
        };
  const [low, high] = [least - half, most + half].map((end) => (log ? Math.log(end) : end)) as [number, number];
  const prior = { mu: (low + high) / 2, sigma: high - low };
  return { kind: 'number', log, low, high, prior, least, most, ...(lattice !== undefined && { step: lattice.q }) };
}

function rangeOf(distribution: Distribution, { min = 0, max = 1 }: ParameterSpec): { least: number; most: number } {
  return distribution === 'log_uniform' ? { least: Math.exp(min), most: Math.exp(max) } : { least: min, most: max };
}

/** Where a value lies on the scale. */
export function onScale({ log }: Numeric, value: number): number {
  return log ? Math.log(value) : value;
}

/** The value nearest to a place on the scale. */
export function valueAt({ log, step, least, most }: Numeric, place: number): number {
  const raw = log ? Math.exp(place) : place;
  const value = step === undefined ? raw : multiple(Math.round(raw / step), step);
  return Math.min(most, Math.max(least, value));
}

/** The part of the scale that a quantized value stands for. */
export function cellOf(form: Numeric, value: number): { left: number; right: number } {
  const half = (form.step ?? 0) / 2;
  return { left: onScale(form, value - half), right: onScale(form, value + half) };
}

/** The place of a value among the choices, or on the scale; undefined where the space has no such value (any more). */
export function placeOf(form: Choice | Numeric, value: ParameterValue | undefined): number | undefined {
  if (value === undefined) return undefined;
  if (form.kind === 'choice') {
    const index = form.values.findIndex((one) => sameValue(one, value));
    return index === -1 ? undefined : index;
  }
  if (typeof value !== 'number' || value < form.least || value > form.most) return undefined;
  return onScale(form, value);
}

export function sameValue(one: ParameterValue | undefined, other: ParameterValue | undefined): boolean {
  return one === other || (typeof one === 'object' && JSON.stringify(one) === JSON.stringify(other));
}

/**
 * A point of the space: each dimension is asked for its value once those it depends on have theirs, and left out where
 * its conditions do not hold.
 */
export function pointOf(
  dimensions: readonly Dimension[],
  valueFor: (dimension: Dimension) => ParameterValue,
): TrialParameters {
  const byName = new Map(dimensions.map((dimension) => [dimension.name, dimension]));
  const settled = new Map<string, ParameterValue | undefined>();
  const settle = (dimension: Dimension): ParameterValue | undefined => {
    if (settled.has(dimension.name)) return settled.get(dimension.name);
    const holds = dimension.conditions.every(([parent, values]) => {
      const other = byName.get(parent);
      const value = other && settle(other);
      return value !== undefined && values.some((one) => sameValue(one, value));
    });
    const value = holds ? valueFor(dimension) : undefined;
    settled.set(dimension.name, value);
    return value;
  };
  return Object.fromEntries(
    dimensions.flatMap((dimension) => {
      const value = settle(dimension);
      return value === undefined ? [] : [[dimension.name, value]];
    }),
  );
}
