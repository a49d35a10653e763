import { describe, expect, test } from '@jest/globals';
import { learningRate } from '../../activities/data/learning-rate.ts';
import { RunSpec } from '../../domain/spec/spec.ts';

const OPTIMIZER = RunSpec.shape.train.shape.optimizer.parse({ learningRate: 8 });

function rates(steps: number, schedule: Partial<RunSpec['train']['schedule']>): number[] {
  const train = {
    steps,
    optimizer: OPTIMIZER,
    schedule: { kind: 'constant', warmupSteps: 0, finalFraction: 0, ...schedule } as const,
  };
  return Array.from({ length: steps }, (_, index) => learningRate(train, index + 1));
}

describe('the learning rate', () => {
  test.each([
    ['is constant by default', 3, {}, [8, 8, 8]],
    ['rises in equal parts to the peak', 6, { warmupSteps: 4 }, [2, 4, 6, 8, 8, 8]],
    ['falls from the peak to nothing at the last step', 5, { kind: 'linear' }, [8, 6, 4, 2, 0]],
    ['falls to the final fraction', 5, { kind: 'linear', finalFraction: 0.5 }, [8, 7, 6, 5, 4]],
    ['falls after the warm-up', 6, { kind: 'linear', warmupSteps: 2 }, [4, 8, 6, 4, 2, 0]],
    ['never arrives when the warm-up is longer than the run', 2, { kind: 'linear', warmupSteps: 4 }, [2, 4]],
    ['has the peak in a run of one step', 1, { kind: 'cosine' }, [8]],
    ['stays at the peak until the decay', 10, { kind: 'wsd' }, [8, 8, 8, 8, 8, 8, 8, 8, 4, 0]],
    [
      'warms up, stays and decays',
      8,
      { kind: 'wsd', warmupSteps: 2, decayFraction: 0.5, finalFraction: 0.5 },
      [4, 8, 8, 8, 7, 6, 5, 4],
    ],
    ['decays after the warm-up at the earliest', 4, { kind: 'wsd', warmupSteps: 2, decayFraction: 1 }, [4, 8, 4, 0]],
    ['keeps the peak where the decay has no step', 2, { kind: 'wsd', decayFraction: 0.1 }, [8, 8]],
    ['has the peak when the warm-up is the whole run', 2, { kind: 'linear', warmupSteps: 2 }, [4, 8]],
  ] as const)('%s', (_, steps, schedule, expected) => {
    expect(rates(steps, schedule)).toEqual(expected);
  });

  test('follows half a cosine', () => {
    const [start, quarter, half, threeQuarters, end] = rates(5, { kind: 'cosine', finalFraction: 0.25 });
    expect(start).toBe(8);
    expect(quarter).toBeCloseTo(2 + 6 * (0.5 + Math.SQRT2 / 4), 12);
    expect(half).toBeCloseTo(5, 12);
    expect(threeQuarters).toBeCloseTo(2 + 6 * (0.5 - Math.SQRT2 / 4), 12);
    expect(end).toBeCloseTo(2, 12);
  });
});
