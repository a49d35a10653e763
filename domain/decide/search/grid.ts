/**
 * Every point of a space in the order of its file: the last parameter changes fastest, as in Python's itertools.product,
 * by which Weights & Biases goes. (Optuna goes through the same points in an order of chance.) A parameter whose condition does not
 * hold is left out, so that no point comes twice.
 */
import { valuesOf } from '../../spec/space-rules.ts';
import type { ParameterSpec, ParameterValue } from '../../spec/search-space.ts';
import type { TrialParameters } from '../../words/sweep.ts';
import { dimensionsOf, sameValue, type Dimension } from './dimensions.ts';

interface Axis extends Dimension {
  readonly values: readonly ParameterValue[];
  /** Dimensions that later ones ask about: all that the number of points below can depend on. */
  readonly asked: readonly string[];
}

export class Grid {
  private readonly axes: readonly Axis[];
  private readonly counts = new Map<string, number>();

  private readonly names: readonly string[];

  constructor(parameters: Readonly<Record<string, ParameterSpec>>) {
    this.names = Object.keys(parameters);
    const dimensions = parentsFirst(dimensionsOf(parameters));
    this.axes = dimensions.map((dimension, index) => ({
      ...dimension,
      values: valuesOf(parameters[dimension.name] ?? {}) ?? [],
      asked: [...new Set(dimensions.slice(index).flatMap(({ conditions }) => conditions.map(([parent]) => parent)))],
    }));
  }

  get size(): number {
    return this.below(0, new Map());
  }

  /** Undefined beyond the last. */
  point(index: number): TrialParameters | undefined {
    if (index >= this.size) return undefined;
    const chosen = new Map<string, ParameterValue>();
    let left = index;
    for (const [depth, axis] of this.axes.entries()) {
      if (!holds(axis, chosen)) continue;
      left = this.choose(depth, left, chosen);
    }
    const names = this.names.filter((name) => chosen.has(name));
    return Object.fromEntries(names.map((name) => [name, chosen.get(name) ?? null]));
  }

  /** The value under which the point lies, and how far along there. */
  private choose(depth: number, index: number, chosen: Map<string, ParameterValue>): number {
    const axis = this.axes[depth];
    if (axis === undefined) return index;
    if (!this.isAsked(depth)) {
      const points = this.below(depth + 1, chosen);
      chosen.set(axis.name, axis.values[Math.floor(index / points)] ?? null);
      return index % points;
    }
    let left = index;
    for (const value of axis.values) {
      chosen.set(axis.name, value);
      const points = this.below(depth + 1, chosen);
      if (left < points) break;
      left -= points;
    }
    return left;
  }

  /** By a dimension that comes later. */
  private isAsked(depth: number): boolean {
    return this.axes[depth + 1]?.asked.includes(this.axes[depth]?.name ?? '') ?? false;
  }

  /** Points that differ only from this depth on. */
  private below(depth: number, chosen: ReadonlyMap<string, ParameterValue>): number {
    const axis = this.axes[depth];
    if (axis === undefined) return 1;
    const key = `${depth} ${JSON.stringify(axis.asked.map((name) => chosen.get(name) ?? null))}`;
    const known = this.counts.get(key);
    if (known !== undefined) return known;
    const points = this.count(axis, depth, chosen);
    this.counts.set(key, points);
    return points;
  }

  private count(axis: Axis, depth: number, chosen: ReadonlyMap<string, ParameterValue>): number {
    if (!holds(axis, chosen)) return this.below(depth + 1, chosen);
    if (!this.isAsked(depth)) return axis.values.length * this.below(depth + 1, chosen);
    return axis.values.reduce<number>(
      (total, value) => total + this.below(depth + 1, new Map([...chosen, [axis.name, value]])),
      0,
    );
  }
}

function holds({ conditions }: Dimension, chosen: ReadonlyMap<string, ParameterValue>): boolean {
  return conditions.every(
    ([parent, values]) => chosen.has(parent) && values.some((one) => sameValue(one, chosen.get(parent))),
  );
}

/** The order of the file, but whoever is asked about stands before those that ask. */
function parentsFirst(dimensions: readonly Dimension[]): Dimension[] {
  const ordered = new Set<Dimension>();
  const add = (dimension: Dimension): void => {
    if (ordered.has(dimension)) return;
    for (const [parent] of dimension.conditions) {
      const other = dimensions.find(({ name }) => name === parent);
      if (other !== undefined) add(other);
    }
    ordered.add(dimension);
  };
  for (const dimension of dimensions) add(dimension);
  return [...ordered];
}
