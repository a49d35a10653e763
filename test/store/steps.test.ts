import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import type { StepMetrics } from '../../domain/words/training.ts';
import { openStore } from '../../store/index.ts';
import type { Store, StepSpan } from '../../store/index.ts';
import { numbersOf, metrics, newFolder, newRun } from './fixtures.ts';
import { openWatched, rowsOf, scansOf } from './statements.ts';

let store: Store;
let path: string;

beforeEach(async () => {
  path = join(await newFolder(), 'pawl.db');
  store = await openStore({ path });
  await store.saveRun(newRun('a'));
  await store.saveRun(newRun('b'));
});

afterEach(() => store.close());

/** A loss that goes up and down, with all digits that a double has. */
function step(number: number, change: Partial<StepMetrics> = {}): StepMetrics {
  return metrics(number, { lossMean: 1 + Math.sin(number), tokens: 10 + (number % 7), seconds: number / 3, ...change });
}

function range(from: number, to: number, change: Partial<StepMetrics> = {}): StepMetrics[] {
  return Array.from({ length: to - from + 1 }, (_, index) => step(from + index, change));
}

/** Straight from the steps, as anybody would. */
function spanOf(steps: readonly StepMetrics[]): unknown {
  const losses = steps.map(({ lossMean }) => lossMean).filter((loss) => Number.isFinite(loss));
  const total = (values: readonly number[]): number => values.reduce((sum, value) => sum + value, 0);
  return {
    fromStep: steps[0]?.step,
    toStep: steps.at(-1)?.step,
    steps: steps.length,
    ...(losses.length > 0 && {
      lossMean: {
        min: losses.reduce((least, loss) => Math.min(least, loss), Infinity),
        mean: expect.closeTo(total(losses) / losses.length, 9),
        max: losses.reduce((most, loss) => Math.max(most, loss), -Infinity),
      },
    }),
    notFinite: steps.length - losses.length,
    tokens: total(steps.map(({ tokens }) => tokens)),
    seconds: expect.closeTo(total(steps.map(({ seconds }) => seconds)), 3),
  };
}

/** The steps that each span says it is of. */
function ofSpans(spans: readonly StepSpan[], steps: readonly StepMetrics[]): unknown[] {
  return spans.map(({ fromStep, toStep }) => spanOf(steps.filter((row) => row.step >= fromStep && row.step <= toStep)));
}

describe('numbers of steps', () => {
  test('are those that were recorded, to the last digit, through what is kept of each thousand and beside it', async () => {
    const rows = [...range(21, 3_456), ...range(5_000, 7_100)];
    rows[1_500] = step(1_521, { lossMean: Number.NaN });
    rows[1_501] = step(1_522, { lossMean: Infinity });
    await store.recordSteps('b', range(1, 2_000, { lossMean: 9 }));
    await store.recordSteps('a', rows);
    expect(await store.stepNumbers('a')).toEqual(numbersOf(rows));
    for (const afterStep of [20, 1_000, 1_999, 2_000, 3_400, 4_000, 6_999, 7_100]) {
      expect(await store.stepNumbers('a', { afterStep })).toEqual(
        numbersOf(rows.filter((row) => row.step > afterStep)),
      );
    }
  });

  test('follow a rewind: nothing is left of the generation that was taken back', async () => {
    await store.recordSteps('a', range(1, 4_000));
    await store.forgetStepsAfter('a', { step: 1_500, generation: 2 });
    expect(await store.stepNumbers('a')).toEqual(numbersOf(range(1, 1_500)));
    const again = range(1_501, 3_200, { generation: 2, lossMean: 7, tokens: 1 });
    await store.recordSteps('a', again);
    expect(await store.stepNumbers('a')).toEqual(numbersOf([...range(1, 1_500), ...again]));
  });

  test('follow a step that a higher generation writes again, without a rewind that the store knows of', async () => {
    const rows = range(1, 2_000);
    await store.recordSteps('a', rows);
    const again = step(777, { generation: 2, lossMean: 0.125 });
    await store.recordSteps('a', [again]);
    rows[776] = again;
    expect(await store.stepNumbers('a')).toEqual(numbersOf(rows));
    expect(await store.stepSpans('a', { spans: 1 })).toEqual([spanOf(rows)]);
    // The same generation again changes nothing.
    await store.recordSteps('a', [step(777, { generation: 2, lossMean: 3 })]);
    expect(await store.stepNumbers('a')).toEqual(numbersOf(rows));
  });

  test('follow a step that was missing from its thousand', async () => {
    const rows = range(1, 2_000);
    await store.recordSteps(
      'a',
      rows.filter((row) => row.step !== 400),
    );
    expect(await store.stepNumbers('a')).toEqual(numbersOf(rows.filter((row) => row.step !== 400)));
    await store.recordSteps('a', [step(400)]);
    expect(await store.stepNumbers('a')).toEqual(numbersOf(rows));
  });
});

describe('spans of steps', () => {
  test('of a short run are its steps, each by itself', async () => {
    const rows = range(1, 30);
    await store.recordSteps('a', rows);
    expect(await store.stepSpans('a', { spans: 100 })).toEqual(rows.map((row) => spanOf([row])));
    expect(await store.stepSpans('b', { spans: 100 })).toEqual([]);
  });

  test('never are more than were asked for, and leave no step of the range out', async () => {
    const rows = [...range(7, 24_310), ...range(26_001, 26_500)];
    rows[2_000] = step(2_007, { lossMean: Number.NaN });
    await store.recordSteps('a', rows);
    const asked: [number | undefined, number | undefined, number][] = [
      [undefined, undefined, 1],
      [undefined, undefined, 10],
      [undefined, undefined, 2_000],
      [1_500, 23_499, 7],
      [1_001, 25_500, 40],
      [3, 999, 10],
      [24_000, 26_100, 3],
      [24_311, 26_000, 3],
    ];
    for (const [fromStep, toStep, spans] of asked) {
      const limits = { ...(fromStep !== undefined && { fromStep }), ...(toStep !== undefined && { toStep }) };
      const found = await store.stepSpans('a', { ...limits, spans });
      const wanted = rows.filter((row) => row.step >= (fromStep ?? 0) && row.step <= (toStep ?? Infinity));
      expect(found.length).toBeLessThanOrEqual(spans);
      expect(found).toEqual(ofSpans(found, wanted));
      expect(found.reduce((sum, span) => sum + span.steps, 0)).toBe(wanted.length);
    }
  });

  test('say what was told by name, on request', async () => {
    const told = (number: number): StepMetrics =>
      step(number, { metrics: { 'loss:sum': number, ...(number % 2 === 0 && { even: -number }) } });
    const rows = Array.from({ length: 22_000 }, (_, index) => told(index + 1));
    await store.recordSteps('a', rows);
    await store.recordSteps('a', [step(22_001)]);
    for (const toStep of [2_000, 22_001]) {
      const [all] = await store.stepSpans('a', { spans: 1, toStep, metrics: true });
      const last = Math.min(toStep, 22_000);
      expect(all?.metrics).toEqual({
        'loss:sum': { min: 1, mean: (last + 1) / 2, max: last },
        even: { min: -last, mean: -(last + 2) / 2, max: -2 },
      });
    }
    expect((await store.stepSpans('a', { spans: 1 }))[0]).not.toHaveProperty('metrics');
  });
});

test('pages of steps, and the newest ones', async () => {
  const rows = [...range(1, 60), ...range(61, 70, { generation: 2 })];
  await store.recordSteps('a', rows);
  expect(await store.steps('a', { afterStep: 10, limit: 5 })).toEqual(rows.slice(10, 15));
  expect(await store.steps('a', { afterStep: 10, untilStep: 12 })).toEqual(rows.slice(10, 12));
  expect(await store.newestSteps('a', { limit: 2 })).toEqual(rows.slice(-2));
  expect(await store.newestSteps('a', { limit: 1, generation: 1 })).toEqual([rows[59]]);
  expect(await store.newestSteps('a', { limit: 1, generation: 1, afterStep: 60 })).toEqual([]);
});

test('steps by the ten thousand are asked about without reading them', async () => {
  await store.recordSteps('a', range(1, 22_123));
  await store.recordSteps('b', range(1, 1_123));
  const watched = await openWatched(path);
  try {
    const rows = async (ask: (of: Store) => Promise<unknown>): Promise<number> => {
      const sent = await watched.during(ask);
      expect(scansOf(path, sent)).toEqual([]);
      return rowsOf(path, sent);
    };
    // One for each thousand, and for the end of the run.
    expect(await rows((of) => of.stepSpans('a', { spans: 100, metrics: true }))).toBeLessThan(50);
    expect(await rows((of) => of.stepNumbers('a'))).toBeLessThan(200);
    expect(await rows((of) => of.newestSteps('a', { limit: 3 }))).toBe(3);
    expect(await rows((of) => of.steps('a', { afterStep: 21_000, limit: 10 }))).toBe(10);
    expect(await rows((of) => of.recordSteps('a', range(22_124, 22_130)))).toBe(0);
  } finally {
    await watched.store.close();
  }
});
