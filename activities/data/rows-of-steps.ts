/** Which rows each step of a run trains on, and how they are parted in requests: by their number, or by their tokens. */
import type { Plan } from '../../domain/words/plan.ts';
import type { RunSpec } from '../../domain/spec/spec.ts';
import type { Artifacts } from '../../store/artifacts/artifacts.ts';
import { batchIndices, chunkSizes, MAX_DATUMS } from './batches.ts';
import { openLengthOrder } from './length-order.ts';
import { ranksOfStep, tokenBatches, type LengthClass, type TokenBatches } from './token-batches.ts';

interface RowsOfStep {
  /** Numbers of examples, or of pairs. */
  readonly rows: readonly number[];
  /** Of each request of one pass; together all of the rows. */
  readonly sizes: readonly number[];
}

/** A pure function of the step. */
export type RowsOfSteps = (step: number) => Promise<RowsOfStep>;

/**
 * The trainer adds up gradients until the update, so batches that accumulate are one long batch, in more requests. Of
 * batches by tokens each is one request: its budget is less than a request can hold.
 */
export async function openRowsOfSteps(
  artifacts: Artifacts,
  { plan, train }: { plan: Pick<Plan, 'chunksPerStep' | 'lengths' | 'preferences'>; train: RunSpec['train'] },
  rows: number,
): Promise<RowsOfSteps> {
  const { seed, accumulate = 1 } = train;
  const { chunksPerStep: chunks, lengths, preferences } = plan;
  if (lengths === undefined) {
    const batchSize = train.batchSize * accumulate;
    return async (step) => ({
      rows: batchIndices({ examples: rows, batchSize, seed, step }),
      sizes: chunkSizes(batchSize, chunks),
    });
  }
  const order = await openLengthOrder(artifacts, lengths.order);
  const batches = batchesOfTokens(order.classes, { budget: lengths.budget, pairs: preferences !== undefined });
  return async (step) => {
    const ranks = ranksOfStep({ classes: order.classes, batches }, { seed, step, accumulate });
    return { rows: await order.rows(ranks.flat()), sizes: ranks.map(({ length }) => length) };
  };
}

/** A pair is two examples of its request. */
export function batchesOfTokens(
  classes: readonly LengthClass[],
  { budget, pairs }: { budget: number; pairs: boolean },
): TokenBatches {
  return tokenBatches(classes, { budget, mostRows: pairs ? MAX_DATUMS / 2 : MAX_DATUMS });
}
