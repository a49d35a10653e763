/** AdamW with decoupled weight decay, in float32, on the host: simple to save, and bit-exact to resume. */

export interface AdamParams {
  readonly learningRate: number;
  readonly beta1: number;
  readonly beta2: number;
  readonly eps: number;
  readonly weightDecay: number;
  /** Largest allowed L2 norm of the gradient; 0 switches clipping off. */
  readonly gradClipNorm: number;
}

/** Moments and count of one model's optimizer. */
export interface AdamState {
  readonly first: Float32Array;
  readonly second: Float32Array;
  steps: number;
}

export function freshAdam(size: number): AdamState {
  return { first: new Float32Array(size), second: new Float32Array(size), steps: 0 };
}

/** L2 norm, summed in double precision in index order. */
export function normOf(vector: Float32Array): number {
  let sum = 0;
  for (const value of vector) sum += value * value;
  return Math.sqrt(sum);
}

/**
 * Applies one update to `weights` in place. `scale` multiplies the gradient first (normalisation); clipping comes
 * after it. Returns the norm before clipping.
 */
export function adamStep(
  weights: Float32Array,
  gradient: Float32Array,
  state: AdamState,
  params: AdamParams,
  scale: number,
): number {
  const norm = normOf(gradient) * scale;
  const clip = params.gradClipNorm > 0 && norm > params.gradClipNorm ? params.gradClipNorm / norm : 1;
  const factor = scale * clip;
  const { beta1, beta2, eps, learningRate, weightDecay } = params;
  state.steps += 1;
  const correction1 = 1 - beta1 ** state.steps;
  const correction2 = 1 - beta2 ** state.steps;
  const { first, second } = state;
  for (let i = 0; i < weights.length; i++) {
    const g = (gradient[i] ?? 0) * factor;
    const m = beta1 * (first[i] ?? 0) + (1 - beta1) * g;
    const v = beta2 * (second[i] ?? 0) + (1 - beta2) * g * g;
    first[i] = m;
    second[i] = v;
    // A weight that never saw a gradient has 0/0 when eps is 0.
    const denominator = Math.sqrt(v / correction2) + eps;
    const update = denominator > 0 ? m / correction1 / denominator : 0;
    const weight = weights[i] ?? 0;
    weights[i] = weight - learningRate * (update + weightDecay * weight);
  }
  return norm;
}
