/** Batches of sequences as rectangular arrays: tokens, targets and weights, padded with zeros. */
import { numpy as np } from '@jax-js/jax';
import type { Sequence } from './sequence.ts';

export type Padded = [tokens: np.Array, targets: np.Array, weights: np.Array];

/** One target and one weight for each position. */
export function padded(rows: readonly Sequence[], size: number, length: number): Padded {
  const tokens = new Int32Array(size * length);
  const targets = new Int32Array(size * length);
  const weights = new Float32Array(size * length);
  rows.forEach((row, i) => {
    tokens.set(row.tokens, i * length);
    targets.set(row.targets, i * length);
    weights.set(row.weights, i * length);
  });
  const shape = [size, length];
  return [ints(tokens, shape), ints(targets, shape), np.array(weights, { shape, dtype: np.float32 })];
}

/** Weights over the whole vocabulary at each position; a token that is a target twice has the sum of both. */
export function paddedWide(rows: readonly Sequence[], size: number, length: number, vocab: number): Padded {
  const tokens = new Int32Array(size * length);
  const weights = new Float32Array(size * length * vocab);
  rows.forEach((row, i) => {
    tokens.set(row.tokens, i * length);
    const width = row.width ?? 1;
    row.targets.forEach((target, at) => {
      const cell = (i * length + Math.floor(at / width)) * vocab + target;
      weights[cell] = (weights[cell] ?? 0) + (row.weights[at] ?? 0);
    });
  });
  return [
    ints(tokens, [size, length]),
    ints(new Int32Array(1), [1]),
    np.array(weights, { shape: [size, length, vocab], dtype: np.float32 }),
  ];
}

function ints(values: Int32Array<ArrayBuffer>, shape: number[]): np.Array {
  return np.array(values, { shape, dtype: np.int32 });
}
