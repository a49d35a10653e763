/** The arithmetic of a model that knows nothing: every token is as likely as any other, and no gradient says otherwise. */
import type { Arithmetic, Scores } from './engine.ts';
import type { Sequence } from './sequence.ts';
import type { ModelConfig } from './layout.ts';

export class NoArithmetic implements Arithmetic {
  readonly #vocab: number;

  constructor({ vocab }: ModelConfig) {
    this.#vocab = vocab;
  }

  forward(_weights: Float32Array, batch: readonly Sequence[]): Scores {
    const logprob = -Math.log(this.#vocab);
    let loss = 0;
    for (const { weights } of batch) for (const weight of weights) loss -= logprob * weight;
    return { loss, logprobs: batch.map(({ targets }) => new Float32Array(targets.length).fill(logprob)) };
  }

  forwardBackward(weights: Float32Array, batch: readonly Sequence[]): Scores {
    return this.forward(weights, batch);
  }

  distributions(_weights: Float32Array, batch: readonly Sequence[]): readonly Float32Array[] {
    return batch.map(({ tokens }) => new Float32Array(tokens.length * this.#vocab).fill(-Math.log(this.#vocab)));
  }
}
