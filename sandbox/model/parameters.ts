/** What a model trains: all weights, or low-rank adapters over shared, frozen ones. */
import { layoutOf, viewOf, type Layout, type ModelConfig, type Tensor } from './layout.ts';
import { fillNormal, uniformOf } from './random.ts';

export interface LoraConfig {
  readonly rank: number;
  readonly alpha: number;
  readonly trainAttn: boolean;
  readonly trainMlp: boolean;
  readonly trainUnembed: boolean;
}

/** A trainable vector and its relation to the full weights that the engine computes with. */
export interface Parameters {
  /** What the optimizer changes and checkpoints hold. */
  readonly trainable: Float32Array;
  /** The full weights that `trainable` stands for; not to be written to. */
  effective(): Float32Array;
  /** The gradient of `trainable`, given the gradient of the full weights. */
  project(fullGradient: Float32Array): Float32Array;
}

export function fullParameters(base: Float32Array): Parameters {
  const trainable = base.slice();
  return { trainable, effective: () => trainable, project: (gradient) => gradient };
}

interface Adapter {
  readonly tensor: Tensor;
  readonly rows: number;
  readonly columns: number;
  /** Offset of A [rows, rank]; B [rank, columns] follows it. */
  readonly offset: number;
}

/** Adapters W + (alpha / rank)·A·B. A starts random and B at zero, so that a fresh adapter changes nothing. */
export function loraParameters(config: ModelConfig, base: Float32Array, lora: LoraConfig, seed: string): Parameters {
  const adapters = adaptersOf(layoutOf(config), lora);
  const trainable = new Float32Array(adapterSize(adapters, lora.rank));
  for (const adapter of adapters) {
    const { a } = split(trainable, adapter, lora.rank);
    fillNormal(a, 1 / Math.sqrt(adapter.rows), uniformOf(`${seed}/lora/${adapter.tensor.name}`));
  }
  const scale = lora.alpha / lora.rank;
  return {
    trainable,
    effective: () => merge(base, trainable, adapters, lora.rank, scale),
    project: (gradient) => projected(gradient, trainable, adapters, lora.rank, scale),
  };
}

/** Folds an adapter into the weights it was trained over: what a replica serves. */
export function mergeLora(
  config: ModelConfig,
  base: Float32Array,
  adapter: Float32Array,
  lora: LoraConfig,
): Float32Array {
  const adapters = adaptersOf(layoutOf(config), lora);
  if (adapter.length !== adapterSize(adapters, lora.rank)) {
    throw new Error(`an adapter of rank ${lora.rank} does not have ${adapter.length} values`);
  }
  return merge(base, adapter, adapters, lora.rank, lora.alpha / lora.rank);
}

function adaptersOf(layout: Layout, lora: LoraConfig): Adapter[] {
  const wanted = { attn: lora.trainAttn, mlp: lora.trainMlp, unembed: lora.trainUnembed, frozen: false };
  const adapters: Adapter[] = [];
  let offset = 0;
  for (const tensor of layout.tensors) {
    if (!wanted[tensor.role]) continue;
    const [rows = 0, columns = 0] = tensor.shape;
    adapters.push({ tensor, rows, columns, offset });
    offset += lora.rank * (rows + columns);
  }
  return adapters;
}

function adapterSize(adapters: readonly Adapter[], rank: number): number {
  return adapters.reduce((sum, { rows, columns }) => sum + rank * (rows + columns), 0);
}

function split(
  vector: Float32Array,
  { rows, columns, offset }: Adapter,
  rank: number,
): { a: Float32Array; b: Float32Array } {
  const middle = offset + rows * rank;
  return { a: vector.subarray(offset, middle), b: vector.subarray(middle, middle + rank * columns) };
}

function merge(
  base: Float32Array,
  vector: Float32Array,
  adapters: readonly Adapter[],
  rank: number,
  scale: number,
): Float32Array {
  const weights = base.slice();
  for (const adapter of adapters) {
    const { rows, columns, tensor } = adapter;
    const { a, b } = split(vector, adapter, rank);
    const target = viewOf(weights, tensor);
    for (let i = 0; i < rows; i++) {
      for (let k = 0; k < rank; k++) {
        const factor = scale * (a[i * rank + k] ?? 0);
        for (let j = 0; j < columns; j++) {
          target[i * columns + j] = (target[i * columns + j] ?? 0) + factor * (b[k * columns + j] ?? 0);
        }
      }
    }
  }
  return weights;
}

function projected(
  gradient: Float32Array,
  vector: Float32Array,
  adapters: readonly Adapter[],
  rank: number,
  scale: number,
): Float32Array {
  const result = new Float32Array(vector.length);
  for (const adapter of adapters) {
    const { rows, columns, tensor } = adapter;
    const { a, b } = split(vector, adapter, rank);
    const { a: gradA, b: gradB } = split(result, adapter, rank);
    const full = viewOf(gradient, tensor);
    for (let i = 0; i < rows; i++) {
      for (let k = 0; k < rank; k++) {
        let sum = 0;
        const factor = scale * (a[i * rank + k] ?? 0);
        for (let j = 0; j < columns; j++) {
          const g = full[i * columns + j] ?? 0;
          sum += g * (b[k * columns + j] ?? 0);
          gradB[k * columns + j] = (gradB[k * columns + j] ?? 0) + factor * g;
        }
        gradA[i * rank + k] = scale * sum;
      }
    }
  }
  return result;
}
