/** Which examples a step trains on, and in what form: pure functions of the spec, the pinned data and the step. */
import type { Datum } from '../ports.ts';
import type { Example } from './part-format.ts';
import { permuted } from './permutation.ts';

/** The trainer's limits for one request. */
export const MAX_DATUMS = 1_024;
const MAX_BYTES = 5_000_000;
/** Input token, target token and weight, at ten bytes each as the trainer's own client estimates them. */
const BYTES_PER_POSITION = 30;

/**
 * Indices of the examples of one step. Every epoch is its own seeded permutation; batches run on across its border, so
 * that every example comes exactly once per epoch whatever the batch size.
 */
export function batchIndices(order: { examples: number; batchSize: number; seed: number; step: number }): number[] {
  const { examples, batchSize, seed, step } = order;
  const first = (step - 1) * batchSize;
  return Array.from({ length: batchSize }, (_, offset) => {
    const position = first + offset;
    return permuted({ examples, seed, epoch: Math.floor(position / examples) }, position % examples);
  });
}

/**
 * Examples as the trainer takes them: each token predicts the next one, and only tokens of trained pieces count. All
 * weights of a batch sum to 1, so that Σ −log p · weight over its requests is the mean loss per trained token.
 */
export function toDatums(batch: readonly Example[]): Datum[] {
  const examples = batch.map(({ tokens, trained }) => ({ tokens, pieces: pairs(trained) }));
  const trained = examples.flatMap(({ pieces }) => pieces).reduce((sum, [start, end]) => sum + end - start, 0);
  const weight = Math.fround(1 / trained);
  return examples.map(({ tokens, pieces }) => {
    const weights = Array.from({ length: tokens.length - 1 }, () => 0);
    // A token is the target of the position before its own.
    for (const [start, end] of pieces) weights.fill(weight, start - 1, end - 1);
    return { inputTokens: Array.from(tokens.subarray(0, -1)), targetTokens: Array.from(tokens.subarray(1)), weights };
  });
}

function pairs(values: Int32Array): [number, number][] {
  return Array.from({ length: Math.floor(values.length / 2) }, (_, pair) => [
    values[2 * pair] ?? 0,
    values[2 * pair + 1] ?? 0,
  ]);
}

/**
 * How many requests a step needs so that even its longest batch keeps within the trainer's limits; batches that
 * accumulate take their requests each, so that none is larger than that of one batch alone.
 */
export function planChunks(step: {
  batchSize: number;
  accumulate?: number | undefined;
  maxExampleTokens: number;
  /** Each row of the batch is two examples, which are never parted. */
  pairs?: boolean | undefined;
}): number {
  const { batchSize, accumulate = 1, maxExampleTokens, pairs = false } = step;
  const perRequest = examplesPerRequest(maxExampleTokens);
  if (!pairs) return accumulate * Math.ceil(batchSize / perRequest);
  const chunks = accumulate * Math.ceil(batchSize / Math.max(1, Math.floor(perRequest / 2)));
  // Two at least: the slopes of one are found while the trainer computes the other.
  return Math.max(chunks, Math.min(2, accumulate * batchSize));
}

/** As many as keep within the trainer's limits. */
export function examplesPerRequest(maxExampleTokens: number): number {
  const bytesPerDatum = BYTES_PER_POSITION * Math.max(1, maxExampleTokens - 1);
  return Math.max(1, Math.min(MAX_DATUMS, Math.floor(MAX_BYTES / bytesPerDatum)));
}

/** Splits a batch in exactly `chunks` requests, in order, whose sizes differ by one at most. */
export function chunk<T>(items: readonly T[], chunks: number): T[][] {
  return parted(items, chunkSizes(items.length, chunks));
}

/** As many as each of the requests has. */
export function chunkSizes(items: number, chunks: number): number[] {
  if (chunks < 1 || chunks > items) throw new RangeError(`${items} items in ${chunks} chunks`);
  const border = (index: number) => Math.floor((index * items) / chunks);
  return Array.from({ length: chunks }, (_, index) => border(index + 1) - border(index));
}

/** Splits a batch in requests of these sizes, in order. */
export function parted<T>(items: readonly T[], sizes: readonly number[]): T[][] {
  let end = 0;
  return sizes.map((size) => items.slice(end, (end += size)));
}
