/** What a model thinks of every example of a dataset, request after request, without waiting for one to ask the next. */
import { examplesPerRequest, toDatums } from '../data/batches.ts';
import type { Dataset } from '../data/dataset.ts';
import type { Example } from '../data/part-format.ts';
import type { Datum, ForwardBackwardResult, Pending, Trainer } from '../ports.ts';

/** In the trainer's hands at once. */
const REQUESTS_IN_FLIGHT = 4;
/** Of a request: small ones, so that a dead worker loses little. */
const MAX_REQUEST_EXAMPLES = 64;

export function examplesPerPass(maxExampleTokens: number): number {
  return Math.min(MAX_REQUEST_EXAMPLES, examplesPerRequest(maxExampleTokens));
}

interface Pass {
  readonly modelId: string;
  readonly dataset: Dataset;
  /** Of the first request; the others follow from their places, so that a repetition is one. */
  readonly firstSeq: number;
  /** Number of the first example that is asked about. */
  readonly first: number;
  readonly perRequest: number;
}

export interface Scored {
  readonly example: Example;
  readonly datum: Datum;
  /** log p of each target. */
  readonly logprobs: readonly number[];
}

/** The examples of one request after the other, in their order. */
export async function* forwardPass(
  trainer: Pick<Trainer, 'forward'>,
  { modelId, dataset, firstSeq, first, perRequest }: Pass,
  signal: AbortSignal,
): AsyncGenerator<Scored[]> {
  const inFlight: { examples: Example[]; datums: Datum[]; pending: Pending<ForwardBackwardResult> }[] = [];
  let next = first;
  let seq = firstSeq;
  while (next < dataset.examples || inFlight.length > 0) {
    if (next < dataset.examples && inFlight.length < REQUESTS_IN_FLIGHT) {
      const count = Math.min(perRequest, dataset.examples - next);
      const examples = await dataset.read(Array.from({ length: count }, (_, at) => next + at));
      const datums = toDatums(examples);
      inFlight.push({ examples, datums, pending: await trainer.forward({ modelId, seq, data: datums }, signal) });
      next += count;
      seq += 1;
      continue;
    }
    const [{ examples, datums, pending }] = inFlight.splice(0, 1) as [(typeof inFlight)[number]];
    const { logprobs } = await pending.result(signal);
    yield datums.map((datum, at) => ({ example: examples[at] as Example, datum, logprobs: logprobs[at] ?? [] }));
  }
}
