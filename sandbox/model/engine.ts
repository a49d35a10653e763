/** The trainer's arithmetic: log-probabilities and gradients of a batch of sequences, on the CPU. */
import { init, jit, numpy as np, valueAndGrad } from '@jax-js/jax';
import { layoutOf, viewOf, type Layout, type ModelConfig } from './layout.ts';
import { targetLogprobs } from './transformer.ts';

/** A sequence to score: `targets[i]` is what should follow `tokens[i]`; `weights[i]` multiplies −log p of it. */
export interface Sequence {
  readonly tokens: Int32Array;
  readonly targets: Int32Array;
  readonly weights: Float32Array;
}

export interface Scores {
  /** Σ −log p · weight. */
  readonly loss: number;
  /** One array per sequence, of the sequence's length. */
  readonly logprobs: readonly Float32Array[];
}

/** Compilation is per shape and takes about a second, so batches are padded up to few shapes. */
const BATCH_SIZES = [4, 16, 32, 64] as const;
const LENGTHS = [8, 16, 20, 24, 32] as const;

type Compiled = (params: np.Array[], tokens: np.Array, targets: np.Array, weights: np.Array) => np.Array[];

/** Computes on weight vectors that it is given; holds nothing but compiled code. */
export class TrainerEngine {
  readonly #layout: Layout;
  readonly #forward: Compiled;
  readonly #backward: Compiled;

  private constructor(config: ModelConfig) {
    this.#layout = layoutOf(config);
    this.#forward = jit((params: np.Array[], tokens: np.Array, targets: np.Array, weights: np.Array) => {
      const logprobs = targetLogprobs(config, params, tokens, targets);
      return [np.sum(logprobs.ref.mul(weights)).mul(-1), logprobs];
    });
    const loss = (params: np.Array[], tokens: np.Array, targets: np.Array, weights: np.Array): [np.Array, np.Array] => {
      const logprobs = targetLogprobs(config, params, tokens, targets);
      return [np.sum(logprobs.ref.mul(weights)).mul(-1), logprobs];
    };
    const gradient = valueAndGrad(loss, { hasAux: true });
    this.#backward = jit((params: np.Array[], tokens: np.Array, targets: np.Array, weights: np.Array) => {
      const [[value, logprobs], grads] = gradient(params, tokens, targets, weights) as [
        [np.Array, np.Array],
        np.Array[],
      ];
      return [value, logprobs, ...grads];
    });
  }

  static async create(config: ModelConfig): Promise<TrainerEngine> {
    await init('wasm');
    return new TrainerEngine(config);
  }

  forward(weights: Float32Array, batch: readonly Sequence[]): Scores {
    return this.#run(this.#forward, weights, batch);
  }

  /** Adds the batch's gradient to `gradient`. */
  forwardBackward(weights: Float32Array, batch: readonly Sequence[], gradient: Float32Array): Scores {
    return this.#run(this.#backward, weights, batch, gradient);
  }

  #run(compiled: Compiled, weights: Float32Array, batch: readonly Sequence[], gradient?: Float32Array): Scores {
    const limit = BATCH_SIZES[BATCH_SIZES.length - 1] ?? 1;
    const logprobs: Float32Array[] = [];
    let loss = 0;
    for (let start = 0; start < batch.length; start += limit) {
      const rows = batch.slice(start, start + limit);
      const length = roundUp(Math.max(...rows.map((row) => row.tokens.length)), LENGTHS);
      const size = roundUp(rows.length, BATCH_SIZES);
      const [value, scored, ...grads] = compiled(this.#params(weights), ...pad(rows, size, length));
      loss += scalar(value);
      const flat = data(scored);
      rows.forEach((row, i) => logprobs.push(flat.slice(i * length, i * length + row.tokens.length)));
      if (gradient !== undefined) this.#accumulate(grads, gradient);
    }
    return { loss, logprobs };
  }

  #params(weights: Float32Array): np.Array[] {
    return this.#layout.tensors.map((tensor) =>
      np.array(viewOf(weights, tensor).slice(), { shape: [...tensor.shape], dtype: np.float32 }),
    );
  }

  #accumulate(grads: readonly np.Array[], gradient: Float32Array): void {
    this.#layout.tensors.forEach((tensor, index) => {
      const target = viewOf(gradient, tensor);
      const values = data(grads[index]);
      for (let i = 0; i < target.length; i++) target[i] = (target[i] ?? 0) + (values[i] ?? 0);
    });
  }
}

function pad(rows: readonly Sequence[], size: number, length: number): [np.Array, np.Array, np.Array] {
  const tokens = new Int32Array(size * length);
  const targets = new Int32Array(size * length);
  const weights = new Float32Array(size * length);
  rows.forEach((row, i) => {
    tokens.set(row.tokens, i * length);
    targets.set(row.targets, i * length);
    weights.set(row.weights, i * length);
  });
  const shape = [size, length];
  return [
    np.array(tokens, { shape, dtype: np.int32 }),
    np.array(targets, { shape, dtype: np.int32 }),
    np.array(weights, { shape, dtype: np.float32 }),
  ];
}

function roundUp(value: number, sizes: readonly number[]): number {
  return sizes.find((size) => size >= value) ?? value;
}

function data(array: np.Array | undefined): Float32Array {
  if (array === undefined) throw new Error('the compiled model returned too few arrays');
  return array.dataSync() as Float32Array;
}

function scalar(array: np.Array | undefined): number {
  return data(array)[0] ?? Number.NaN;
}
