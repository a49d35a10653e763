/** The trainer's arithmetic: log-probabilities and gradients of a batch of sequences, on the CPU. */
import type { Sequence } from './sequence.ts';
import { init, jit, numpy as np, valueAndGrad } from '@jax-js/jax';
import { layoutOf, viewOf, type Layout, type ModelConfig } from './layout.ts';
import { padded, paddedWide, type Padded } from './padding.ts';
import { allLogprobs, targetLogprobs } from './transformer.ts';

export interface Scores {
  /** Σ −log p · weight. */
  readonly loss: number;
  /** One array per sequence, as long as its targets. */
  readonly logprobs: readonly Float32Array[];
}

/** What a trainer computes with: weight vectors go in, numbers come out, and nothing is held. */
export interface Arithmetic {
  forward(weights: Float32Array, batch: readonly Sequence[]): Scores;
  /** Adds the batch's gradient to `gradient`. */
  forwardBackward(weights: Float32Array, batch: readonly Sequence[], gradient: Float32Array): Scores;
  /** Log-probabilities of the whole vocabulary, row by row, for each sequence. */
  distributions(weights: Float32Array, batch: readonly Sequence[]): readonly Float32Array[];
}

/** Compilation is per shape and takes about a second, so batches are padded up to few shapes. */
const BATCH_SIZES = [4, 16, 32, 64] as const;
const LENGTHS = [8, 16, 20, 24, 32] as const;

type Score = (params: np.Array[], tokens: np.Array, targets: np.Array, weights: np.Array) => [np.Array, np.Array];
type Compiled = (params: np.Array[], tokens: np.Array, targets: np.Array, weights: np.Array) => np.Array[];

interface Kernel {
  readonly forward: Compiled;
  readonly backward: Compiled;
}

export class TrainerEngine implements Arithmetic {
  readonly #config: ModelConfig;
  readonly #layout: Layout;
  /** One target for each position: what almost everything needs. */
  readonly #narrow: Kernel;
  /** Weights over the whole vocabulary. */
  readonly #wide: Kernel;

  private constructor(config: ModelConfig) {
    this.#config = config;
    this.#layout = layoutOf(config);
    this.#narrow = kernelOf((params, tokens, targets, weights) => {
      const logprobs = targetLogprobs(config, params, tokens, targets);
      return [np.sum(logprobs.ref.mul(weights)).mul(-1), logprobs];
    });
    this.#wide = kernelOf((params, tokens, targets, weights) => {
      targets.dispose();
      const logprobs = allLogprobs(config, params, tokens);
      return [np.sum(logprobs.ref.mul(weights)).mul(-1), logprobs];
    });
  }

  static async create(config: ModelConfig): Promise<TrainerEngine> {
    await init('wasm');
    return new TrainerEngine(config);
  }

  forward(weights: Float32Array, batch: readonly Sequence[]): Scores {
    return this.#score('forward', weights, batch);
  }

  forwardBackward(weights: Float32Array, batch: readonly Sequence[], gradient: Float32Array): Scores {
    return this.#score('backward', weights, batch, gradient);
  }

  distributions(weights: Float32Array, batch: readonly Sequence[]): readonly Float32Array[] {
    const { vocab } = this.#config;
    return this.#run(this.#wide.forward, vocab, weights, batch, (rows, size, length) =>
      paddedWide(rows, size, length, vocab),
    ).logprobs;
  }

  #score(pass: keyof Kernel, weights: Float32Array, batch: readonly Sequence[], gradient?: Float32Array): Scores {
    if (batch.every(({ width }) => width === undefined)) {
      return this.#run(this.#narrow[pass], 1, weights, batch, padded, gradient);
    }
    const { vocab } = this.#config;
    const prepare: Prepare = (rows, size, length) => paddedWide(rows, size, length, vocab);
    const { loss, logprobs } = this.#run(this.#wide[pass], vocab, weights, batch, prepare, gradient);
    return { loss, logprobs: logprobs.map((all, i) => chosen(all, batch[i], vocab)) };
  }

  #run(
    compiled: Compiled,
    cells: number,
    weights: Float32Array,
    batch: readonly Sequence[],
    prepare: Prepare,
    gradient?: Float32Array,
  ): Scores {
    const limit = BATCH_SIZES[BATCH_SIZES.length - 1] ?? 1;
    const logprobs: Float32Array[] = [];
    let loss = 0;
    for (let start = 0; start < batch.length; start += limit) {
      const rows = batch.slice(start, start + limit);
      const length = roundUp(Math.max(...rows.map((row) => row.tokens.length)), LENGTHS);
      const size = roundUp(rows.length, BATCH_SIZES);
      const [value, scored, ...grads] = compiled(this.#params(weights), ...prepare(rows, size, length));
      loss += scalar(value);
      const flat = data(scored);
      rows.forEach((row, i) => {
        const from = i * length * cells;
        logprobs.push(flat.slice(from, from + row.tokens.length * cells));
      });
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

type Prepare = (rows: readonly Sequence[], size: number, length: number) => Padded;

function kernelOf(score: Score): Kernel {
  const gradient = valueAndGrad(score, { hasAux: true });
  return {
    forward: jit((params: np.Array[], tokens: np.Array, targets: np.Array, weights: np.Array) =>
      score(params, tokens, targets, weights),
    ),
    backward: jit((params: np.Array[], tokens: np.Array, targets: np.Array, weights: np.Array) => {
      const [[value, logprobs], grads] = gradient(params, tokens, targets, weights) as [
        [np.Array, np.Array],
        np.Array[],
      ];
      return [value, logprobs, ...grads];
    }),
  };
}

/** The targets' entries among those of the whole vocabulary. */
function chosen(all: Float32Array, row: Sequence | undefined, vocab: number): Float32Array {
  const width = row?.width ?? 1;
  const targets = row?.targets ?? new Int32Array();
  return Float32Array.from(targets, (target, at) => all[Math.floor(at / width) * vocab + target] ?? Number.NaN);
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
