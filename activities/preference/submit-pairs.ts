/**
 * Submits the gradient of one step over pairs: a forward pass tells what the model thinks of both answers, and the
 * backward pass is told the slopes as weights. Where a pair's slope needs nothing of other pairs, the backward pass of the
 * first request is on its way while the trainer still computes the forward pass of the next one.
 */
import { parted } from '../data/batches.ts';
import type { Datum, ForwardBackwardResult, Pending, Trainer } from '../ports.ts';
import { driftOf, type Pair } from './losses.ts';
import { scoredPair, type PairBatches, type PairDatums } from './pair-batches.ts';
import { partOf, summaryOf, type Part } from './step-of-pairs.ts';

interface PairStep {
  readonly trainer: Pick<Trainer, 'forward' | 'forwardBackward'>;
  readonly modelId: string;
  /** The step uses twice as many numbers as it has chunks. */
  readonly firstSeq: number;
  /** Pairs of each of its requests. */
  readonly sizes: readonly number[];
  readonly pairs: readonly PairDatums[];
  readonly settings: PairBatches['settings'];
}

export interface PairGradient {
  readonly parts: readonly Pending<ForwardBackwardResult>[];
  /** Examples of each part. */
  readonly sizes: readonly number[];
  readonly loss: number;
  readonly metrics: Readonly<Record<string, number>>;
}

/** A pure function of its arguments and of the weights, so that a retry repeats it. */
export async function submitPairs(step: PairStep, signal: AbortSignal): Promise<PairGradient> {
  const { trainer, modelId, firstSeq, settings } = step;
  const groups = parted(step.pairs, step.sizes);
  const labelled = settings.loss === 'kto';
  const forwards: Pending<ForwardBackwardResult>[] = [];
  for (const [index, pairs] of groups.entries()) {
    const data = pairs.flatMap(({ datums }) => datums);
    forwards.push(await trainer.forward({ modelId, seq: firstSeq + index, data }, signal));
  }
  const scored = async (index: number): Promise<readonly Pair[]> => {
    const pairs = groups[index] ?? [];
    const logprobs = (await forwards[index]?.result(signal))?.logprobs ?? [];
    return pairs.map((pair, at) => scoredPair(pair, [logprobs[2 * at] ?? [], logprobs[2 * at + 1] ?? []]));
  };
  const drift = labelled ? driftOf((await Promise.all(groups.map((_, index) => scored(index)))).flat()) : undefined;
  const made: Part[] = [];
  const parts: Pending<ForwardBackwardResult>[] = [];
  const sizes: number[] = [];
  for (const [index, pairs] of groups.entries()) {
    const part = partOf(settings, await scored(index), { all: step.pairs.length, drift });
    made.push(part);
    const data = pairs.flatMap((pair, at) => sloped(pair, part.slopes[at] ?? [0, 0], labelled));
    sizes.push(data.length);
    parts.push(await trainer.forwardBackward({ modelId, seq: firstSeq + groups.length + index, data }, signal));
  }
  return { parts, sizes, ...summaryOf(made) };
}

/** The second example of a labelled row only tells how far the model has moved: nothing is learned from it. */
function sloped({ datums }: PairDatums, slopes: readonly [number, number], labelled: boolean): Datum[] {
  const [first, second] = datums;
  return labelled ? [weighted(first, slopes[0])] : [weighted(first, slopes[0]), weighted(second, slopes[1])];
}

function weighted(datum: Datum, slope: number): Datum {
  return { ...datum, weights: datum.weights.map((weight) => (weight === 0 ? 0 : slope)) };
}
