/**
 * Batches by a budget of tokens: rows of like length together, as many as fit. Which ranks of the order by length a batch
 * has follows from the lengths and the budget alone, so that an epoch's batches are counted before anything is trained; which
 * rows of a length stand at these ranks, and in which order the batches come, is drawn anew in every epoch. All of it is
 * a function of lengths, seed and step, and nothing of the size of the data is held. Pure.
 */
import { permuted } from './permutation.ts';

/** Rows of one length, in tokens; a pair counts both of its answers. */
export interface LengthClass {
  readonly tokens: number;
  readonly rows: number;
}

/** Batches of like size, one behind the other. */
interface Stretch {
  readonly firstBatch: number;
  readonly firstRank: number;
  /** Of each of its batches. */
  readonly rows: number;
}

export interface TokenBatches {
  /** Of an epoch. */
  readonly count: number;
  /** First rank of a batch, and the first that is not its own any more. */
  range(batch: number): readonly [number, number];
}

/**
 * Shortest first, each batch filled until the next row would not fit. A row that is longer than the budget is a batch of
 * its own. `mostRows`: what a request can hold.
 */
export function tokenBatches(
  classes: readonly LengthClass[],
  { budget, mostRows }: { budget: number; mostRows: number },
): TokenBatches {
  const stretches: Stretch[] = [];
  let [batch, rank] = [0, 0];
  let [openRows, openTokens] = [0, 0];
  const emit = (rows: number, batches: number): void => {
    if (batches === 0) return;
    stretches.push({ firstBatch: batch, firstRank: rank, rows });
    batch += batches;
    rank += batches * rows;
  };
  const close = (): void => {
    if (openRows > 0) emit(openRows, 1);
    [openRows, openTokens] = [0, 0];
  };
  for (const { tokens, rows } of classes) {
    let left = rows;
    const room = Math.min(left, mostRows - openRows, Math.floor((budget - openTokens) / tokens));
    if (openRows > 0 && room > 0) {
      openRows += room;
      openTokens += room * tokens;
      left -= room;
    }
    if (left === 0) continue;
    close();
    const full = Math.max(1, Math.min(mostRows, Math.floor(budget / tokens)));
    emit(full, Math.floor(left / full));
    openRows = left % full;
    openTokens = openRows * tokens;
  }
  close();
  return {
    count: batch,
    range(wanted) {
      const { firstBatch, firstRank, rows } = last(stretches, ({ firstBatch: first }) => first <= wanted);
      const from = firstRank + (wanted - firstBatch) * rows;
      return [from, from + rows];
    },
  };
}

/** The last that holds, of those that hold first. */
function last<T>(items: readonly T[], holds: (item: T) => boolean): T {
  let [low, high] = [0, items.length];
  while (high - low > 1) {
    const middle = (low + high) >> 1;
    if (holds(items[middle] as T)) low = middle;
    else high = middle;
  }
  const found = items[low];
  if (found === undefined || !holds(found)) throw new RangeError('there is no such batch');
  return found;
}

/** Where rows stand in the order by length: a class, and the place within it. */
export interface ByLength {
  readonly classes: readonly LengthClass[];
  readonly batches: TokenBatches;
}

/** Ranks of the rows of a step, batch by batch; each rank comes once per epoch. Steps count from 1. */
export function ranksOfStep(
  { classes, batches }: ByLength,
  { seed, step, accumulate = 1 }: { seed: number; step: number; accumulate?: number | undefined },
): number[][] {
  const starts = startsOf(classes);
  return Array.from({ length: accumulate }, (_, index) => {
    const position = (step - 1) * accumulate + index;
    const epoch = Math.floor(position / batches.count);
    const drawn = permuted({ examples: batches.count, seed, epoch }, position % batches.count);
    const [from, to] = batches.range(drawn);
    return Array.from({ length: to - from }, (__, at) => {
      const rank = from + at;
      const { start, rows } = last(starts, ({ start: first }) => first <= rank);
      return start + (rows === 1 ? 0 : permuted({ examples: rows, seed, epoch }, rank - start));
    });
  });
}

function startsOf(classes: readonly LengthClass[]): { start: number; rows: number }[] {
  let end = 0;
  return classes.map(({ rows }) => {
    const start = end;
    end += rows;
    return { start, rows };
  });
}
