/** Which parameter of a sweep tells most of its scores: the part of their ranks that differs between its values. */
import type { ParameterValue } from '../../spec/search-space.ts';

/** A trial that has a score. */
export interface ScoredPoint {
  readonly parameters: Readonly<Record<string, ParameterValue>>;
  readonly score: number;
}

export interface Telling {
  readonly name: string;
  /** From 0, no more than chance, to 1: the parameter alone decides. */
  readonly share: number;
}

/** Fewer say nothing about any parameter. */
const LEAST_TRIALS = 4;

/** Numbers are taken in so many groups of neighbours at most: an optimum in the middle shows, as no correlation does. */
const MOST_GROUPS = 5;

/**
 * The correlation ratio of the ranks, less what as many groups would show by chance (T. L. Kelley, "An unbiased
 * correlation ratio measure", 1935: epsilon squared); the most telling first, of equals the one that stands first.
 */
export function importances(points: readonly ScoredPoint[]): Telling[] {
  const names = [...new Set(points.flatMap(({ parameters }) => Object.keys(parameters)))];
  return names
    .flatMap((name) => {
      const share = shareOf(points, name);
      return share === undefined ? [] : [{ name, share }];
    })
    .toSorted((one, other) => other.share - one.share);
}

/** Undefined: too few trials have it, or it is the same in all of them. */
function shareOf(all: readonly ScoredPoint[], name: string): number | undefined {
  const points = all.filter(({ parameters, score }) => name in parameters && Number.isFinite(score));
  if (points.length < LEAST_TRIALS) return undefined;
  const groups = grouped(points, name);
  if (groups.length < 2 || groups.length >= points.length) return undefined;
  const ranks = ranksOf(points.map(({ score }) => score));
  const rankOf = new Map(points.map((point, index) => [point, ranks[index] ?? 0]));
  const mean = (points.length + 1) / 2;
  const total = ranks.reduce((sum, rank) => sum + (rank - mean) ** 2, 0);
  if (total === 0) return 0;
  const between = groups.reduce((sum, group) => {
    const own = group.reduce((ranked, point) => ranked + (rankOf.get(point) ?? 0), 0) / group.length;
    return sum + group.length * (own - mean) ** 2;
  }, 0);
  const [n, k] = [points.length, groups.length];
  return Math.max(0, 1 - ((1 - between / total) * (n - 1)) / (n - k));
}

function grouped(points: readonly ScoredPoint[], name: string): ScoredPoint[][] {
  const byValue = new Map<string, ScoredPoint[]>();
  for (const point of points) {
    const key = JSON.stringify(point.parameters[name]);
    byValue.set(key, [...(byValue.get(key) ?? []), point]);
  }
  const numeric = points.every(({ parameters }) => typeof parameters[name] === 'number');
  if (!numeric || byValue.size <= MOST_GROUPS) return [...byValue.values()];
  const sorted = points.toSorted((one, other) => Number(one.parameters[name]) - Number(other.parameters[name]));
  const count = Math.min(MOST_GROUPS, Math.floor(points.length / 2));
  return Array.from({ length: count }, (_, group) =>
    sorted.slice(Math.floor((group * sorted.length) / count), Math.floor(((group + 1) * sorted.length) / count)),
  );
}

/** From 1; equals share the mean of their places. */
function ranksOf(values: readonly number[]): number[] {
  const sorted = values.toSorted((one, other) => one - other);
  return values.map((value) => (sorted.indexOf(value) + sorted.lastIndexOf(value)) / 2 + 1);
}
