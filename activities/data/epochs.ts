/** How many steps a run of so many epochs takes: a pure function of the spec and of the rows that were kept, or their batches. */
import type { RunSpec } from '../../domain/spec/spec.ts';
import { PawlError } from '../../domain/words/failures-of-calls.ts';

/**
 * Undefined where the spec gives steps. Batches run on across the border of an epoch, so the last one is filled from the
 * next epoch. What the client checks against `train.steps` is checked here, where the steps are known at last.
 */
export function stepsOfEpochs(
  { train, checkpoint }: Pick<RunSpec, 'train' | 'checkpoint'>,
  epoch: { readonly rows: number } | { readonly batches: number },
): number | undefined {
  const { epochs, batchSize, accumulate = 1, schedule } = train;
  if (epochs === undefined) return undefined;
  const steps =
    'batches' in epoch
      ? Math.ceil((epoch.batches * epochs) / accumulate)
      : Math.ceil((epoch.rows * epochs) / (batchSize * accumulate));
  const limited: [string, number][] = [
    ['checkpoint.every', checkpoint.every],
    ['train.schedule.warmupSteps', schedule.warmupSteps],
  ];
  for (const [field, value] of limited) {
    if (value <= steps) continue;
    throw new PawlError(
      'InvalidRequest',
      `${field}: ${value} is more than the ${steps} steps that train.epochs ${epochs} comes to; lower it, or train longer.`,
    );
  }
  return steps;
}
