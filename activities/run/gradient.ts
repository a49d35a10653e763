/** Submits the gradient of one step: by the trainer's own loss, or by an objective that is computed here. */
import { parted } from '../data/batches.ts';
import type { RunObjective } from '../objectives/run-objective.ts';
import type { ObjectiveExample } from '../objectives/objective.ts';
import type { Datum, ForwardBackwardResult, Pending, Trainer } from '../ports.ts';

interface Gradient {
  readonly parts: readonly Pending<ForwardBackwardResult>[];
  /** Of an objective; absent: the sum of what the parts report. */
  readonly loss?: number;
  /** What an objective told beside its loss. */
  readonly metrics?: Readonly<Record<string, number>>;
}

/** Sequence numbers that one step takes, the update's included. */
export function requestsPerStep(chunks: number, custom: boolean): number {
  return (custom ? 2 * chunks : chunks) + 1;
}

/** Uses all but the last of a step's numbers. A pure function of its arguments and of the weights, so that a retry repeats it. */
export async function submitGradient(
  step: {
    readonly trainer: Trainer;
    readonly modelId: string;
    readonly firstSeq: number;
    /** Examples of each of its requests. */
    readonly sizes: readonly number[];
    readonly datums: readonly Datum[];
    readonly objective: RunObjective | undefined;
  },
  signal: AbortSignal,
): Promise<Gradient> {
  const { trainer, modelId, firstSeq, sizes, datums, objective } = step;
  const submit = async (seq: number, all: readonly Datum[], pass: 'forward' | 'forwardBackward'): Promise<Gradient> => {
    const parts: Pending<ForwardBackwardResult>[] = [];
    for (const [index, data] of parted(all, sizes).entries()) {
      parts.push(await trainer[pass]({ modelId, seq: seq + index, data }, signal));
    }
    return { parts };
  };
  if (objective === undefined) return submit(firstSeq, datums, 'forwardBackward');

  const forward = await submit(firstSeq, datums, 'forward');
  const logprobs: (readonly number[])[] = [];
  for (const part of forward.parts) {
    for (const row of (await part.result(signal)).logprobs) logprobs.push(row);
  }
  const { loss, gradients, metrics } = await objective.evaluate(datums.map(toExample), logprobs, signal);
  // Numbers that are no numbers cannot be sent, and the sequence must go on: the step changes nothing, and its loss says why.
  const usable = Number.isFinite(loss) && gradients.every((row) => row.every(isFloat32));
  const sloped = datums.map((datum, index) => ({
    ...datum,
    weights: datum.weights.map((_, position) => (usable ? 0 - (gradients[index]?.[position] ?? 0) : 0)),
  }));
  const { parts } = await submit(firstSeq + sizes.length, sloped, 'forwardBackward');
  return { parts, loss: usable ? loss : Number.NaN, metrics };
}

function isFloat32(value: number): boolean {
  return Number.isFinite(Math.fround(value));
}

function toExample({ targetTokens, weights }: Datum): ObjectiveExample {
  return { targetTokens, inputs: { weights } };
}
