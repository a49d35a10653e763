import { describe, expect, test } from '@jest/globals';
import { uniformInt } from 'pure-rand/distribution/uniformInt';
import { xoroshiro128plus } from 'pure-rand/generator/xoroshiro128plus';
import { openLengthOrder, pinLengthOrder } from '../../activities/data/length-order.ts';
import { openRowsOfSteps } from '../../activities/data/rows-of-steps.ts';
import { ranksOfStep, tokenBatches, type LengthClass } from '../../activities/data/token-batches.ts';
import { trainingSize } from '../../activities/run/training-size.ts';
import { openArtifacts } from '../../store/artifacts/artifacts.ts';
import { experiment } from '../workflows/answering.ts';
import { newFolder } from './fixtures.ts';

/** Rows of 3 to 200 tokens, more short than long ones, and some that no budget holds. */
const LENGTHS = lengths(3_000, 7);

function lengths(count: number, seed: number): number[] {
  const random = xoroshiro128plus(seed);
  return Array.from({ length: count }, (_, at) =>
    at % 701 === 0 ? 900 + (at % 3) : 3 + Math.floor((uniformInt(random, 0, 1_000) / 1_000) ** 3 * 197),
  );
}

function classesOf(rows: readonly number[]): LengthClass[] {
  const counts = new Map<number, number>();
  for (const tokens of rows) counts.set(tokens, (counts.get(tokens) ?? 0) + 1);
  return [...counts].sort(([a], [b]) => a - b).map(([tokens, found]) => ({ tokens, rows: found }));
}

/** As slowly as one would write it down: shortest first, until the next does not fit. */
function byHand(sorted: readonly number[], { budget, mostRows }: { budget: number; mostRows: number }): number[][] {
  const batches: number[][] = [];
  let open: number[] = [];
  for (const tokens of sorted) {
    const sum = open.reduce((all, one) => all + one, 0);
    if (open.length > 0 && (sum + tokens > budget || open.length === mostRows)) {
      batches.push(open);
      open = [];
    }
    open.push(tokens);
  }
  return open.length > 0 ? [...batches, open] : batches;
}

describe('batches by tokens', () => {
  test.each([
    { budget: 512, mostRows: 1_024 },
    { budget: 200, mostRows: 1_024 },
    { budget: 131_072, mostRows: 1_024 },
    { budget: 700, mostRows: 16 },
    { budget: 2, mostRows: 1_024 },
    { budget: 4_096, mostRows: 1 },
  ])('of $budget tokens and $mostRows rows are what filling them by hand makes', (limits) => {
    const sorted = LENGTHS.toSorted((a, b) => a - b);
    const batches = tokenBatches(classesOf(LENGTHS), limits);
    const found = Array.from({ length: batches.count }, (_, batch) => sorted.slice(...batches.range(batch)));
    expect(found).toEqual(byHand(sorted, limits));
  });

  test('come once each in an epoch, every row once, in another order and company the next time', () => {
    const classes = classesOf(LENGTHS);
    const batches = tokenBatches(classes, { budget: 512, mostRows: 1_024 });
    const epoch = (number: number, seed = 5): number[][] =>
      Array.from({ length: batches.count }, (_, at) =>
        ranksOfStep({ classes, batches }, { seed, step: number * batches.count + at + 1 }).flat(),
      );
    const [first, second, other] = [epoch(0), epoch(1), epoch(0, 6)];
    const all = Array.from({ length: LENGTHS.length }, (_, at) => at);
    for (const one of [first, second, other]) expect(one.flat().toSorted((a, b) => a - b)).toEqual(all);
    expect(epoch(0)).toEqual(first);
    const sets = (one: number[][]): Set<string> => new Set(one.map((batch) => batch.toSorted((a, b) => a - b).join()));
    const shared = [...sets(second)].filter((batch) => sets(first).has(batch)).length;
    expect(shared).toBeLessThan(batches.count / 4);
    expect(second.map((batch) => batch.length)).not.toEqual(first.map((batch) => batch.length));
  });

  test('that accumulate are as many of them as one step has, behind one another', () => {
    const classes = classesOf(LENGTHS);
    const batches = tokenBatches(classes, { budget: 512, mostRows: 1_024 });
    const single = [4, 5, 6].flatMap((step) => ranksOfStep({ classes, batches }, { seed: 5, step }));
    expect(ranksOfStep({ classes, batches }, { seed: 5, step: 2, accumulate: 3 })).toEqual(single);
  });
});

/** Of which only the lengths are read, a part at a time. */
function dataset(all: readonly number[]) {
  return {
    examples: all.length,
    async *lengths() {
      for (let at = 0; at < all.length; at += 250) yield await Promise.resolve(all.slice(at, at + 250));
    },
  };
}

describe('the order by length', () => {
  test('has every row at its place, is the same for the same data, and is read back', async () => {
    const artifacts = openArtifacts(await newFolder());
    const { hash, classes } = await pinLengthOrder(artifacts, dataset(LENGTHS), 1);
    expect((await pinLengthOrder(artifacts, dataset(LENGTHS), 1)).hash).toBe(hash);
    const order = await openLengthOrder(openArtifacts(artifacts.location), hash);
    expect(order.classes).toEqual(classes);
    const rows = await order.rows(LENGTHS.map((_, rank) => rank));
    expect(rows.map((row) => LENGTHS[row])).toEqual(LENGTHS.toSorted((a, b) => a - b));
    expect(rows.toSorted((a, b) => a - b)).toEqual(LENGTHS.map((_, at) => at));
    await artifacts.put(Buffer.from('else'));
  });

  test('counts a pair with both of its answers, and never parts it', async () => {
    const artifacts = openArtifacts(await newFolder());
    const pinned = await pinLengthOrder(artifacts, dataset(LENGTHS), 2);
    expect(pinned.classes).toEqual(
      classesOf(Array.from({ length: 1_500 }, (_, pair) => (LENGTHS[2 * pair] ?? 0) + (LENGTHS[2 * pair + 1] ?? 0))),
    );
    const spec = experiment({
      loop: 'preference',
      data: { train: 'x', batchByTokens: 600 },
      train: { epochs: 2, accumulate: 2, optimizer: { learningRate: 0.1 }, seed: 9 },
    });
    const size = trainingSize(spec, { examples: 3_000, maxExampleTokens: 902 }, { custom: false, lengths: pinned });
    // A forward and a backward pass of each batch, and the update.
    expect(size).toMatchObject({
      rows: 1_500,
      chunksPerStep: 2,
      requestsPerStep: 5,
      lengths: { order: pinned.hash, budget: 600 },
    });
    expect(size.steps).toBe(size.batches);
    const plan = { ...size, preferences: 'pairs' as const };
    const rowsOf = await openRowsOfSteps(artifacts, { plan, train: spec.train }, 1_500);
    const seen = new Map<number, number>();
    for (let step = 1; step <= (size.steps ?? 0); step++) {
      const { rows, sizes } = await rowsOf(step);
      expect([sizes.length, sizes.reduce((sum, one) => sum + one, 0)]).toEqual([2, rows.length]);
      for (const row of rows) seen.set(row, (seen.get(row) ?? 0) + 1);
    }
    expect([seen.size, new Set(seen.values())]).toEqual([1_500, new Set([2])]);
  });
});
