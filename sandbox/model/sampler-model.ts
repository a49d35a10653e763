/**
 * The same transformer for serving: plain float32 loops over one sequence with a key/value cache. A sequence never
 * shares arithmetic with another, so its answer cannot depend on what else is being served.
 */
import { layoutOf, viewOf, type ModelConfig } from './layout.ts';

const NORM_EPS = 1e-5;

interface Layer {
  readonly attnNorm: Float32Array;
  readonly query: Float32Array;
  readonly key: Float32Array;
  readonly value: Float32Array;
  readonly out: Float32Array;
  readonly mlpNorm: Float32Array;
  readonly up: Float32Array;
  readonly down: Float32Array;
}

/** Keys and values of the positions seen so far, one pair of vectors per layer. */
export interface Cache {
  length: number;
  readonly keys: readonly Float32Array[];
  readonly values: readonly Float32Array[];
}

export class SamplerModel {
  readonly config: ModelConfig;
  readonly #embed: Float32Array;
  readonly #position: Float32Array;
  readonly #layers: readonly Layer[];
  readonly #finalNorm: Float32Array;
  readonly #unembed: Float32Array;

  constructor(config: ModelConfig, weights: Float32Array) {
    this.config = config;
    const { tensors } = layoutOf(config);
    const named = new Map(tensors.map((tensor) => [tensor.name, viewOf(weights, tensor)]));
    const get = (name: string): Float32Array => {
      const view = named.get(name);
      if (view === undefined) throw new Error(`the layout has no tensor ${name}`);
      return view;
    };
    this.#embed = get('embed');
    this.#position = get('position');
    this.#finalNorm = get('final_norm');
    this.#unembed = get('unembed');
    this.#layers = Array.from({ length: config.layers }, (_, layer) => ({
      attnNorm: get(`layers.${layer}.attn_norm`),
      query: get(`layers.${layer}.query`),
      key: get(`layers.${layer}.key`),
      value: get(`layers.${layer}.value`),
      out: get(`layers.${layer}.out`),
      mlpNorm: get(`layers.${layer}.mlp_norm`),
      up: get(`layers.${layer}.up`),
      down: get(`layers.${layer}.down`),
    }));
  }

  newCache(): Cache {
    const { layers, context, dim } = this.config;
    const room = (): Float32Array[] => Array.from({ length: layers }, () => new Float32Array(context * dim));
    return { length: 0, keys: room(), values: room() };
  }

  /** Feeds one token and returns the log-probabilities of the next, over the whole vocabulary. */
  step(cache: Cache, token: number): Float32Array {
    const { dim, context } = this.config;
    const at = cache.length;
    if (at >= context) throw new RangeError(`the context of ${context} tokens is full`);
    const stream = new Float32Array(dim);
    for (let i = 0; i < dim; i++) {
      stream[i] = (this.#embed[token * dim + i] ?? 0) + (this.#position[at * dim + i] ?? 0);
    }
    this.#layers.forEach((layer, index) => {
      addTo(stream, this.#attend(layer, cache, index, at, rmsNorm(stream, layer.attnNorm)));
      const hidden = times(rmsNorm(stream, layer.mlpNorm), layer.up, this.config.hidden);
      for (let i = 0; i < hidden.length; i++) hidden[i] = Math.max(0, hidden[i] ?? 0);
      addTo(stream, times(hidden, layer.down, dim));
    });
    cache.length = at + 1;
    return logSoftmax(times(rmsNorm(stream, this.#finalNorm), this.#unembed, this.config.vocab));
  }

  #attend(layer: Layer, cache: Cache, index: number, at: number, input: Float32Array): Float32Array {
    const { dim, heads } = this.config;
    const keys = cache.keys[index];
    const values = cache.values[index];
    if (keys === undefined || values === undefined) throw new Error('this cache belongs to a smaller model');
    const query = times(input, layer.query, dim);
    keys.set(times(input, layer.key, dim), at * dim);
    values.set(times(input, layer.value, dim), at * dim);
    const mixed = new Float32Array(dim);
    const width = dim / heads;
    for (let head = 0; head < heads; head++)
      mixHead(mixed, query, keys, values, { from: head * width, width, dim, at });
    return times(mixed, layer.out, dim);
  }
}

interface Head {
  readonly from: number;
  readonly width: number;
  readonly dim: number;
  readonly at: number;
}

function mixHead(mixed: Float32Array, query: Float32Array, keys: Float32Array, values: Float32Array, head: Head): void {
  const { from, width, dim, at } = head;
  const scores = new Float32Array(at + 1);
  let highest = -Infinity;
  for (let position = 0; position <= at; position++) {
    let sum = 0;
    for (let i = from; i < from + width; i++) sum += (query[i] ?? 0) * (keys[position * dim + i] ?? 0);
    const score = sum / Math.sqrt(width);
    scores[position] = score;
    highest = Math.max(highest, score);
  }
  let total = 0;
  for (let position = 0; position <= at; position++) {
    const share = Math.exp((scores[position] ?? 0) - highest);
    scores[position] = share;
    total += share;
  }
  for (let position = 0; position <= at; position++) {
    const share = (scores[position] ?? 0) / total;
    for (let i = from; i < from + width; i++) {
      mixed[i] = (mixed[i] ?? 0) + share * (values[position * dim + i] ?? 0);
    }
  }
}

function rmsNorm(x: Float32Array, gain: Float32Array): Float32Array {
  let sum = 0;
  for (const value of x) sum += value * value;
  const scale = 1 / Math.sqrt(sum / x.length + NORM_EPS);
  return x.map((value, i) => value * scale * (gain[i] ?? 0));
}

/** Row vector times matrix [x.length, columns]. */
function times(x: Float32Array, matrix: Float32Array, columns: number): Float32Array {
  const result = new Float32Array(columns);
  for (let row = 0; row < x.length; row++) {
    const factor = x[row] ?? 0;
    if (factor === 0) continue;
    const start = row * columns;
    for (let column = 0; column < columns; column++) {
      result[column] = (result[column] ?? 0) + factor * (matrix[start + column] ?? 0);
    }
  }
  return result;
}

function addTo(target: Float32Array, addend: Float32Array): void {
  for (let i = 0; i < target.length; i++) target[i] = (target[i] ?? 0) + (addend[i] ?? 0);
}

function logSoftmax(logits: Float32Array): Float32Array {
  let highest = -Infinity;
  for (const logit of logits) highest = Math.max(highest, logit);
  let total = 0;
  for (const logit of logits) total += Math.exp(logit - highest);
  const shift = highest + Math.log(total);
  return logits.map((logit) => logit - shift);
}
