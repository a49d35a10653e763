/** Loss functions, each as the weights whose Σ −log p · weight has that loss's gradient. */
import type { Sequence } from '../model/engine.ts';
import type { LossName } from './messages.ts';

/** Sequences whose weights make the engine's weighted cross entropy stand for the named loss. */
export function weightsFor(loss: LossName, batch: readonly Sequence[]): readonly Sequence[] {
  switch (loss) {
    case 'cross_entropy':
      return batch;
    default:
      return loss satisfies never;
  }
}
