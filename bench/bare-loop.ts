/** The yardstick: the demo's model trained by the library alone, weights and AdamW within one compiled function. */
import { init, jit, numpy as np, valueAndGrad } from '@jax-js/jax';
import type { Sequence } from '../sandbox/model/sequence.ts';
import { layoutOf, viewOf, type ModelConfig } from '../sandbox/model/layout.ts';
import { padded } from '../sandbox/model/padding.ts';
import { targetLogprobs } from '../sandbox/model/transformer.ts';

const BETA1 = 0.9;
const BETA2 = 0.98;
const EPS = 1e-8;
const WEIGHT_DECAY = 0.01;
const LEARNING_RATE = 0.01;

/** One optimizer step on this batch; returns the loss. */
export type BareStep = (rows: readonly Sequence[]) => number;

export async function bareLoop(config: ModelConfig, weights: Float32Array): Promise<BareStep> {
  await init('wasm');
  const { tensors } = layoutOf(config);
  const zeros = (): np.Array[] => tensors.map(({ shape }) => np.zeros([...shape]));
  let params = tensors.map((tensor) =>
    np.array(viewOf(weights, tensor).slice(), { shape: [...tensor.shape], dtype: np.float32 }),
  );
  let [first, second] = [zeros(), zeros()];
  let steps = 0;

  const gradient = valueAndGrad((at: np.Array[], tokens: np.Array, targets: np.Array, factors: np.Array) =>
    np.sum(targetLogprobs(config, at, tokens, targets).mul(factors)).mul(-1),
  );
  const compiled = jit(
    (
      at: np.Array[],
      m: np.Array[],
      v: np.Array[],
      correction1: np.Array,
      correction2: np.Array,
      tokens: np.Array,
      targets: np.Array,
      factors: np.Array,
    ): np.Array[] => {
      const [loss, grads] = gradient(
        at.map((param) => param.ref),
        tokens,
        targets,
        factors,
      ) as [np.Array, np.Array[]];
      const moved = at.map((param, i) => adam(param, m[i], v[i], grads[i], correction1.ref, correction2.ref));
      correction1.dispose();
      correction2.dispose();
      return [loss, ...moved.map(([p]) => p), ...moved.map(([, a]) => a), ...moved.map(([, , b]) => b)];
    },
  );

  return (rows) => {
    steps += 1;
    const length = Math.max(...rows.map(({ tokens }) => tokens.length));
    const [tokens, targets, factors] = padded(rows, rows.length, length);
    const corrections = [np.array(1 / (1 - BETA1 ** steps)), np.array(1 / (1 - BETA2 ** steps))] as const;
    const [loss, ...state] = compiled(params, first, second, ...corrections, tokens, targets, factors);
    const count = tensors.length;
    params = state.slice(0, count);
    first = state.slice(count, 2 * count);
    second = state.slice(2 * count);
    return (loss?.dataSync() as Float32Array | undefined)?.[0] ?? Number.NaN;
  };
}

function adam(
  param: np.Array,
  m: np.Array | undefined,
  v: np.Array | undefined,
  gradient: np.Array | undefined,
  correction1: np.Array,
  correction2: np.Array,
): [np.Array, np.Array, np.Array] {
  if (m === undefined || v === undefined || gradient === undefined) throw new Error('a tensor has no gradient');
  const first = m.mul(BETA1).add(gradient.ref.mul(1 - BETA1));
  const second = v.mul(BETA2).add(np.square(gradient).mul(1 - BETA2));
  const update = first.ref.mul(correction1).div(np.sqrt(second.ref.mul(correction2)).add(EPS));
  const next = param.ref.sub(update.add(param.mul(WEIGHT_DECAY)).mul(LEARNING_RATE));
  return [next, first, second];
}
