/** The `Sampler` port: one completion of a deployment, among as many others as the deployment keeps up with. */
import { performance } from 'node:perf_hooks';
import type { Sampler } from '../../ports.ts';
import { complete } from './completions.ts';
import { createConcurrency, type Concurrency } from './concurrency.ts';
import { samplingBody } from './sampling-body.ts';
import type { Wire } from './wire.ts';

/** First guess per replica. */
const START_PER_REPLICA = 8;

export function createSampler(wire: Wire): Sampler {
  /** What was learnt of each deployment. */
  const known = new Map<string, Concurrency>();

  return {
    async sample({ deploymentId, replicas }, request, signal) {
      const concurrency =
        known.get(deploymentId) ??
        createConcurrency({ mode: 'adaptive', initial: START_PER_REPLICA * Math.max(1, replicas) });
      known.set(deploymentId, concurrency);
      const { promptTokens, requestId, echo = false } = request;
      const asked = { promptTokens, echo, unfiltered: request.temperature === 1 };
      return concurrency.run(async (slot) => {
        const startedMs = performance.now();
        const body = samplingBody(request);
        const sequence = await complete(wire, { deploymentId, body, requestId, asked }, slot, signal);
        const { tokens, text, finishReason, logprobs, targetLogprobs, servedIdentity } = sequence;
        return {
          tokens,
          text,
          finishReason,
          logprobs,
          latencyMs: performance.now() - startedMs,
          ...(targetLogprobs !== undefined && { targetLogprobs }),
          ...(servedIdentity !== undefined && { servedIdentity }),
        };
      }, signal);
    },
  };
}
