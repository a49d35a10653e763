import { describe, expect, test } from '@jest/globals';
import { batchIndices, chunk, planChunks, toDatums } from '../../activities/data/batches.ts';

function positions(order: { examples: number; batchSize: number; seed: number }, steps: number): number[] {
  return Array.from({ length: steps }, (_, index) => batchIndices({ ...order, step: index + 1 })).flat();
}

describe('the order of examples', () => {
  test.each([
    { examples: 10, batchSize: 5 },
    { examples: 10, batchSize: 3 },
    { examples: 7, batchSize: 16 },
    { examples: 1, batchSize: 4 },
    { examples: 1_000, batchSize: 64 },
  ])('has every one of $examples once per epoch, in batches of $batchSize', ({ examples, batchSize }) => {
    const epochs = 3;
    const order = positions({ examples, batchSize, seed: 7 }, Math.ceil((epochs * examples) / batchSize));
    for (let epoch = 0; epoch < epochs; epoch++) {
      const seen = order.slice(epoch * examples, (epoch + 1) * examples).sort((a, b) => a - b);
      expect(seen).toEqual(Array.from({ length: examples }, (_, index) => index));
    }
  });

  test('is another one in every epoch and for every seed', () => {
    const [first, second] = [1, 2].map((step) => batchIndices({ examples: 100, batchSize: 100, seed: 1, step }));
    const other = batchIndices({ examples: 100, batchSize: 100, seed: 2, step: 1 });
    expect(second).not.toEqual(first);
    expect(other).not.toEqual(first);
  });

  // Recorded: a run that is resumed by a later version must go on with the same data.
  test('never changes', () => {
    expect(batchIndices({ examples: 10, batchSize: 10, seed: 1, step: 1 })).toEqual([7, 5, 3, 2, 4, 8, 9, 1, 0, 6]);
    expect(batchIndices({ examples: 10, batchSize: 10, seed: 1, step: 2 })).toEqual([6, 3, 0, 7, 4, 9, 2, 5, 8, 1]);
  });

  test('does not depend on what was asked before', () => {
    const order = { examples: 50, batchSize: 20, seed: 3 };
    const forward = positions(order, 40);
    const backward = Array.from({ length: 40 }, (_, index) => batchIndices({ ...order, step: 40 - index }));
    expect(backward.reverse().flat()).toEqual(forward);
  });

  test('puts every example anywhere equally often', () => {
    const counts = Array.from({ length: 5 }, () => [0, 0, 0, 0, 0]);
    for (let seed = 0; seed < 2_000; seed++) {
      for (const [place, example] of batchIndices({ examples: 5, batchSize: 5, seed, step: 2 }).entries()) {
        const row = counts[example] ?? [];
        row[place] = (row[place] ?? 0) + 1;
      }
    }
    // 400 expected in each of 25 cells; five standard deviations are 90.
    for (const count of counts.flat()) expect(Math.abs(count - 400)).toBeLessThan(90);
  });
});

describe('datums', () => {
  const EXAMPLES = [
    { tokens: Int32Array.of(2, 3, 5, 6, 7, 1), trained: Int32Array.of(3, 6) },
    { tokens: Int32Array.of(4, 5, 8, 1), trained: Int32Array.of(2, 4) },
  ];
  const dataset = {
    example: (index: number) => EXAMPLES[index] ?? { tokens: Int32Array.of(), trained: Int32Array.of() },
  };
  const fifth = Math.fround(1 / 5);

  test('predict each next token, and count completion tokens only', () => {
    expect(toDatums(dataset, [1, 0])).toEqual([
      { inputTokens: [4, 5, 8], targetTokens: [5, 8, 1], weights: [0, fifth, fifth] },
      { inputTokens: [2, 3, 5, 6, 7], targetTokens: [3, 5, 6, 7, 1], weights: [0, 0, fifth, fifth, fifth] },
    ]);
  });

  test('count every trained piece, and nothing between', () => {
    const conversation = { tokens: Int32Array.of(2, 6, 1, 3, 7, 1), trained: Int32Array.of(1, 3, 4, 6) };
    const quarter = 1 / 4;
    expect(toDatums({ example: () => conversation }, [0])).toEqual([
      { inputTokens: [2, 6, 1, 3, 7], targetTokens: [6, 1, 3, 7, 1], weights: [quarter, quarter, 0, quarter, quarter] },
    ]);
  });

  test('of batches that accumulate have weights of one long batch', () => {
    const [long, one] = [toDatums(dataset, [0, 1, 0, 1]), toDatums(dataset, [0, 1])];
    expect(long[0]?.weights.at(-1)).toBe(Math.fround(1 / 10));
    expect(one[0]?.weights.at(-1)).toBe(fifth);
  });

  test('have weights that sum to one over the batch', () => {
    const weights = toDatums(dataset, [0, 1, 1, 0, 0]).flatMap((datum) => datum.weights);
    expect(weights.reduce((sum, weight) => sum + weight, 0)).toBeCloseTo(1, 6);
  });
});

describe('requests of a step', () => {
  test.each([
    // 30 bytes for each of 100 positions: 1,666 datums would fit, 1,024 are allowed.
    { batchSize: 1_024, maxExampleTokens: 101, chunks: 1 },
    { batchSize: 1_025, maxExampleTokens: 101, chunks: 2 },
    // 30 bytes for each of 1,000 positions: 166 datums fit.
    { batchSize: 166, maxExampleTokens: 1_001, chunks: 1 },
    { batchSize: 167, maxExampleTokens: 1_001, chunks: 2 },
    { batchSize: 1_024, maxExampleTokens: 1_001, chunks: 7 },
    // One datum alone is more than the limit: one per request is the least there is.
    { batchSize: 4, maxExampleTokens: 200_000, chunks: 4 },
    { batchSize: 1, maxExampleTokens: 2, chunks: 1 },
  ])('are $chunks for $batchSize examples of $maxExampleTokens tokens', ({ chunks, ...plan }) => {
    expect(planChunks(plan)).toBe(chunks);
    const sizes = chunk(Array.from({ length: plan.batchSize }), chunks).map((part) => part.length);
    expect(Math.max(...sizes)).toBeLessThanOrEqual(1_024);
  });

  test('are no larger when batches accumulate', () => {
    const plan = { batchSize: 167, maxExampleTokens: 1_001 };
    const chunks = planChunks({ ...plan, accumulate: 3 });
    expect(chunks).toBe(3 * planChunks(plan));
    const sizes = chunk(Array.from({ length: 3 * plan.batchSize }), chunks).map((part) => part.length);
    expect(Math.max(...sizes)).toBe(Math.ceil(plan.batchSize / planChunks(plan)));
  });

  test('have all items in order, and sizes that differ by one at most', () => {
    expect(chunk([1, 2, 3, 4, 5, 6, 7], 3)).toEqual([
      [1, 2],
      [3, 4],
      [5, 6, 7],
    ]);
    expect(chunk([1, 2], 2)).toEqual([[1], [2]]);
  });

  test('are never empty', () => {
    expect(() => chunk([1, 2], 3)).toThrow('2 items in 3 chunks');
    expect(() => chunk([1, 2], 0)).toThrow(RangeError);
  });
});
