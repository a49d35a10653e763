/**
 * The differentiable model: a causal pre-norm transformer written in jax-js. The only file, beside `engine.ts`, that
 * knows the library; arrays are reference-counted, so every use but the last of an array takes `.ref`.
 */
import { nn, numpy as np } from '@jax-js/jax';
import type { ModelConfig } from './layout.ts';

type Arr = np.Array;

const NORM_EPS = 1e-5;
/** Score of a position that may not be looked at: its probability underflows to exactly zero. */
const MASKED = -1e9;

/** Log-probability of each target, [batch, length]. Consumes its arguments; `params` in layout order. */
export function targetLogprobs(config: ModelConfig, params: readonly Arr[], tokens: Arr, targets: Arr): Arr {
  const chosen = nn.oneHot(targets, config.vocab);
  return np.sum(allLogprobs(config, params, tokens).mul(chosen), -1);
}

/** Log-probability of every token, [batch, length, vocabulary]. Consumes its arguments. */
export function allLogprobs(config: ModelConfig, params: readonly Arr[], tokens: Arr): Arr {
  const [batch, length] = tokens.shape as [number, number];
  const next = taker(params);
  let stream = np.take(next(), tokens, 0).add(next().slice([0, length]));
  for (let layer = 0; layer < config.layers; layer++) {
    stream = attention(config, stream, next, batch, length);
    stream = feedForward(stream, next);
  }
  const logits = np.matmul(rmsNorm(stream, next()), next());
  return nn.logSoftmax(logits, -1);
}

function taker(params: readonly Arr[]): () => Arr {
  let index = 0;
  return () => {
    const param = params[index++];
    if (param === undefined) throw new Error(`the layout has fewer than ${index} tensors`);
    return param;
  };
}

function rmsNorm(x: Arr, gain: Arr): Arr {
  const meanSquare = np.mean(np.square(x.ref), -1, { keepdims: true });
  return x.div(np.sqrt(meanSquare.add(NORM_EPS))).mul(gain);
}

function attention(config: ModelConfig, stream: Arr, next: () => Arr, batch: number, length: number): Arr {
  const { heads, dim } = config;
  const headDim = dim / heads;
  const input = rmsNorm(stream.ref, next());
  const split = (x: Arr): Arr => np.transpose(x.reshape([batch, length, heads, headDim]), [0, 2, 1, 3]);
  const query = split(np.matmul(input.ref, next()));
  const key = split(np.matmul(input.ref, next()));
  const value = split(np.matmul(input, next()));
  const scores = np.matmul(query, np.transpose(key, [0, 1, 3, 2])).mul(1 / Math.sqrt(headDim));
  const mask = np.triu(np.full([length, length], MASKED), 1);
  const weights = nn.softmax(scores.add(mask), -1);
  const mixed = np.transpose(np.matmul(weights, value), [0, 2, 1, 3]).reshape([batch, length, dim]);
  return stream.add(np.matmul(mixed, next()));
}

function feedForward(stream: Arr, next: () => Arr): Arr {
  const hidden = nn.relu(np.matmul(rmsNorm(stream.ref, next()), next()));
  return stream.add(np.matmul(hidden, next()));
}
