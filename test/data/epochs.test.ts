import { describe, expect, test } from '@jest/globals';
import { batchIndices } from '../../activities/data/batches.ts';
import { stepsOfEpochs } from '../../activities/data/epochs.ts';
import { RunSpec } from '../../domain/spec/spec.ts';

function spec(train: object, every = 1): Pick<RunSpec, 'train' | 'checkpoint'> {
  const { shape } = RunSpec;
  return {
    train: shape.train.parse({ optimizer: { learningRate: 1 }, ...train }),
    checkpoint: shape.checkpoint.parse({ every }),
  };
}

describe('epochs', () => {
  test.each([
    { epochs: 1, batchSize: 4, examples: 12, steps: 3 },
    { epochs: 1, batchSize: 4, examples: 13, steps: 4 },
    { epochs: 3, batchSize: 4, examples: 13, steps: 10 },
    { epochs: 3, batchSize: 2, accumulate: 2, examples: 13, steps: 10 },
    { epochs: 2, batchSize: 64, examples: 5, steps: 1 },
  ])('$epochs of $examples examples in batches of $batchSize are $steps steps', ({ steps, examples, ...train }) => {
    expect(stepsOfEpochs(spec(train), { rows: examples })).toBe(steps);
    const batchSize = train.batchSize * (train.accumulate ?? 1);
    const seen = Array.from({ length: steps }, (_, step) =>
      batchIndices({ examples, batchSize, seed: 1, step: step + 1 }),
    ).flat();
    for (let example = 0; example < examples; example++) {
      expect(seen.filter((index) => index === example).length).toBeGreaterThanOrEqual(train.epochs);
    }
  });

  test('are not asked for where steps are given', () => {
    expect(stepsOfEpochs(spec({ steps: 5, batchSize: 1 }), { rows: 100 })).toBeUndefined();
  });

  test('too few for a checkpoint or for the warm-up are refused', () => {
    expect(() => stepsOfEpochs(spec({ epochs: 2, batchSize: 4 }, 21), { rows: 40 })).toThrow(
      'checkpoint.every: 21 is more than the 20 steps that train.epochs 2 comes to; lower it, or train longer.',
    );
    const warmup = { epochs: 2, batchSize: 4, schedule: { warmupSteps: 21 } };
    expect(() => stepsOfEpochs(spec(warmup), { rows: 40 })).toThrow(
      'train.schedule.warmupSteps: 21 is more than the 20 steps',
    );
  });
});
