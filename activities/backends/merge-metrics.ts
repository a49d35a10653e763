/** Joins the metrics of one call's requests: each name ends in how it is reduced. Pure. */
import { createHash } from 'node:crypto';

type Metrics = Readonly<Record<string, number>>;

interface Part {
  readonly metrics: Metrics;
  /** How many outputs the part has: its weight in a mean. */
  readonly outputs: number;
}

type Reduce = (values: readonly number[], outputs: readonly number[]) => number;

const REDUCTIONS: Readonly<Record<string, Reduce>> = {
  sum: (values) => values.reduce((total, value) => total + value, 0),
  min: (values) => Math.min(...values),
  max: (values) => Math.max(...values),
  mean: weightedMean,
  slack: (values, outputs) => Math.max(...values) - weightedMean(values, outputs),
  hash_unordered: unorderedHash,
};

/**
 * `name:sum`, `min`, `max`, `mean` (weighted by outputs), `slack` (maximum − mean), `hash_unordered`; `unique` keeps the
 * first and adds `name:unique_1`, … A name that any part lacks, or whose reduction is unknown, is dropped. The metrics of
 * a single part are left as they are.
 */
export function mergeMetrics(parts: readonly Part[]): Metrics {
  const [first] = parts;
  if (first === undefined || parts.length === 1) return first?.metrics ?? {};
  const outputs = parts.map((part) => part.outputs);
  const merged: Record<string, number> = {};
  for (const key of Object.keys(first.metrics)) {
    const values = parts.map(({ metrics }) => metrics[key]).filter((value) => value !== undefined);
    if (values.length < parts.length) continue;
    const reduction = key.slice(key.lastIndexOf(':') + 1);
    if (reduction === 'unique') {
      values.forEach((value, index) => (merged[index === 0 ? key : `${key}_${index}`] = value));
    } else {
      const reduce = REDUCTIONS[reduction];
      if (reduce !== undefined && key.includes(':')) merged[key] = reduce(values, outputs);
    }
  }
  return merged;
}

function weightedMean(values: readonly number[], outputs: readonly number[]): number {
  const total = outputs.reduce((sum, count) => sum + count, 0);
  return values.reduce((sum, value, index) => sum + value * (outputs[index] ?? 0), 0) / total;
}

/** A number that depends on which values there are, not on their order. Comparable only with one made here. */
function unorderedHash(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  return createHash('sha256').update(sorted.join(',')).digest().readUIntBE(0, 6);
}
