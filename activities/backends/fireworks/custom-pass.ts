/** A loss of one's own over the wire: two passes, with the gradient as the weights of the second one. */
import { checkExamples, evaluateObjective, type Objective } from '../../objectives/objective.ts';
import type { LossDatum } from './datum.ts';
import type { CustomDatum, PassResult, Submitted } from './passes.ts';

type Pass = (data: readonly LossDatum[], loss: 'cross_entropy', signal: AbortSignal) => Promise<Submitted<PassResult>>;

/** The part of a training client that an objective needs. */
interface Passes {
  readonly forward: Pass;
  readonly forwardBackward: Pass;
}

/** The trainer computes Σ −log p · w, so with w = −∂loss/∂log p its gradient is the loss's own. */
export async function customPass(
  client: Passes,
  data: readonly CustomDatum[],
  objective: Objective,
  signal: AbortSignal,
): Promise<Submitted<PassResult>> {
  checkExamples(objective, data);
  const scored = data.map((datum) => weighted(datum, datum.inputs['weights'] ?? datum.targetTokens.map(() => 0)));
  const forward = await client.forward(scored, 'cross_entropy', signal);
  const { logprobs } = await forward.result(signal);
  const { loss, gradients, metrics } = await evaluateObjective(objective, data, logprobs);
  const sloped = data.map((datum, index) => weighted(datum, (gradients[index] ?? []).map(negated)));
  const backward = await client.forwardBackward(sloped, 'cross_entropy', signal);
  return {
    requestIds: backward.requestIds,
    async result(waiting) {
      const result = await backward.result(waiting);
      return { ...result, lossSum: loss, metrics: { ...result.metrics, ...metrics } };
    },
  };
}

function weighted({ modelInput, targetTokens }: CustomDatum, weights: readonly number[]): LossDatum {
  return { modelInput, lossFnInputs: { target_tokens: targetTokens, weights } };
}

/** Never −0: JSON has no such number. */
function negated(slope: number): number {
  return 0 - slope;
}
