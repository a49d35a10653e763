/** What a model's weights are: named tensors, one after another in a single float32 vector. */

/** The few numbers that fix a model's size. */
export interface ModelConfig {
  readonly layers: number;
  readonly dim: number;
  readonly heads: number;
  readonly hidden: number;
  readonly vocab: number;
  readonly context: number;
}

/** Which switch of a LoRA configuration decides whether a tensor gets an adapter. */
type TensorRole = 'attn' | 'mlp' | 'unembed' | 'frozen';

export interface Tensor {
  readonly name: string;
  readonly shape: readonly number[];
  readonly offset: number;
  readonly size: number;
  readonly role: TensorRole;
  /** Standard deviation of the initial values; absent for gains, which start at one. */
  readonly initStd?: number;
}

export interface Layout {
  readonly tensors: readonly Tensor[];
  readonly size: number;
}

type TensorSpec = Pick<Tensor, 'name' | 'shape' | 'role'> & { initStd?: number };

/** Matrices are stored [in, out]; the order is part of every checkpoint, so it only ever grows at the end. */
export function layoutOf(config: ModelConfig): Layout {
  const { dim, hidden, vocab, context, layers } = config;
  // Residual branches start small, so that depth does not change the scale of the stream.
  const residual = 1 / Math.sqrt(2 * layers);
  const specs: TensorSpec[] = [
    { name: 'embed', shape: [vocab, dim], role: 'frozen', initStd: 1 },
    { name: 'position', shape: [context, dim], role: 'frozen', initStd: 0.5 },
  ];
  for (let layer = 0; layer < layers; layer++) {
    const at = `layers.${layer}`;
    specs.push(
      { name: `${at}.attn_norm`, shape: [dim], role: 'frozen' },
      { name: `${at}.query`, shape: [dim, dim], role: 'attn', initStd: 1 / Math.sqrt(dim) },
      { name: `${at}.key`, shape: [dim, dim], role: 'attn', initStd: 1 / Math.sqrt(dim) },
      { name: `${at}.value`, shape: [dim, dim], role: 'attn', initStd: 1 / Math.sqrt(dim) },
      { name: `${at}.out`, shape: [dim, dim], role: 'attn', initStd: residual / Math.sqrt(dim) },
      { name: `${at}.mlp_norm`, shape: [dim], role: 'frozen' },
      { name: `${at}.up`, shape: [dim, hidden], role: 'mlp', initStd: 1 / Math.sqrt(dim) },
      { name: `${at}.down`, shape: [hidden, dim], role: 'mlp', initStd: residual / Math.sqrt(hidden) },
    );
  }
  specs.push(
    { name: 'final_norm', shape: [dim], role: 'frozen' },
    { name: 'unembed', shape: [dim, vocab], role: 'unembed', initStd: 0.5 / Math.sqrt(dim) },
  );
  return place(specs);
}

function place(specs: readonly TensorSpec[]): Layout {
  let offset = 0;
  const tensors = specs.map((spec) => {
    const size = spec.shape.reduce((product, side) => product * side, 1);
    const tensor: Tensor = { ...spec, offset, size };
    offset += size;
    return tensor;
  });
  return { tensors, size: offset };
}

/** The part of a weight vector that holds one tensor; a view, not a copy. */
export function viewOf(weights: Float32Array, tensor: Tensor): Float32Array {
  return weights.subarray(tensor.offset, tensor.offset + tensor.size);
}
