import { describe, expect, test } from '@jest/globals';
import { batchIndices, chunk, planChunks, toDatums } from '../../activities/data/batches.ts';
import type { Example } from '../../activities/data/part-format.ts';
import { permuted } from '../../activities/data/permutation.ts';

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
    expect(batchIndices({ examples: 10, batchSize: 10, seed: 1, step: 1 })).toEqual([6, 0, 3, 9, 7, 1, 2, 5, 8, 4]);
    expect(batchIndices({ examples: 10, batchSize: 10, seed: 1, step: 2 })).toEqual([3, 7, 0, 4, 6, 8, 2, 9, 5, 1]);
    expect(batchIndices({ examples: 3_000_000_000, batchSize: 3, seed: 1, step: 900_000_000 })).toEqual([
      606145390, 948069207, 2769079060,
    ]);
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

  test('is any of the orders there are, equally often', () => {
    const counts = new Map<string, number>();
    const orders = 120;
    const draws = 100 * orders;
    for (let seed = 0; seed < draws; seed++) {
      const order = batchIndices({ examples: 5, batchSize: 5, seed, step: 1 }).join();
      counts.set(order, (counts.get(order) ?? 0) + 1);
    }
    const expected = draws / orders;
    const squares = [...counts.values()].reduce((sum, count) => sum + (count - expected) ** 2 / expected, 0);
    expect(counts.size).toBe(orders);
    // Chi-squared with 119 degrees of freedom: 99.99 % of the time below 184.
    expect(squares).toBeLessThan(184);
  });

  test('separates neighbours, as a shuffle does', () => {
    const examples = 10_000;
    const at = Array.from({ length: examples }, (_, position) => permuted({ examples, seed: 3, epoch: 1 }, position));
    const rising = at.filter((value, index) => index > 0 && value > (at[index - 1] ?? 0)).length;
    const near = at.filter((value, index) => index > 0 && Math.abs(value - (at[index - 1] ?? 0)) < 10).length;
    // (n−1)/2 ascents with variance (n+1)/12: five standard deviations are 144. Of 10,000 pairs 18 are so near.
    expect(Math.abs(rising - 4_999.5)).toBeLessThan(144);
    expect(near).toBeLessThan(40);
  });

  test('costs nothing to know, however many examples and runs there are', () => {
    const cpu = process.cpuUsage();
    for (let step = 1; step <= 200; step++) {
      for (let seed = 0; seed < 10; seed++) batchIndices({ examples: 1_000_000, batchSize: 64, seed, step });
    }
    // Five runs of other seeds shuffled a million examples for every step: 67 ms each, 134 s for these.
    expect(process.cpuUsage(cpu).user / 1e6).toBeLessThan(10);
  });
});

describe('datums', () => {
  const EXAMPLES: Record<0 | 1, Example> = [
    { tokens: Int32Array.of(2, 3, 5, 6, 7, 1), trained: Int32Array.of(3, 6) },
    { tokens: Int32Array.of(4, 5, 8, 1), trained: Int32Array.of(2, 4) },
  ];
  const batch = (...indices: (0 | 1)[]) => indices.map((index) => EXAMPLES[index]);
  const fifth = Math.fround(1 / 5);

  test('predict each next token, and count completion tokens only', () => {
    expect(toDatums(batch(1, 0))).toEqual([
      { inputTokens: [4, 5, 8], targetTokens: [5, 8, 1], weights: [0, fifth, fifth] },
      { inputTokens: [2, 3, 5, 6, 7], targetTokens: [3, 5, 6, 7, 1], weights: [0, 0, fifth, fifth, fifth] },
    ]);
  });

  test('count every trained piece, and nothing between', () => {
    const conversation = { tokens: Int32Array.of(2, 6, 1, 3, 7, 1), trained: Int32Array.of(1, 3, 4, 6) };
    const quarter = 1 / 4;
    expect(toDatums([conversation])).toEqual([
      { inputTokens: [2, 6, 1, 3, 7], targetTokens: [6, 1, 3, 7, 1], weights: [quarter, quarter, 0, quarter, quarter] },
    ]);
  });

  test('of batches that accumulate have weights of one long batch', () => {
    const [long, one] = [toDatums(batch(0, 1, 0, 1)), toDatums(batch(0, 1))];
    expect(long[0]?.weights.at(-1)).toBe(Math.fround(1 / 10));
    expect(one[0]?.weights.at(-1)).toBe(fifth);
  });

  test('have weights that sum to one over the batch', () => {
    const weights = toDatums(batch(0, 1, 1, 0, 0)).flatMap((datum) => datum.weights);
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
