/** The `Sampler` port: one streamed completion of a deployment, whole or not at all. */
import { performance } from 'node:perf_hooks';
import { BackendError } from '../../errors.ts';
import type { Sample, Sampler, SampleRequest } from '../../ports.ts';
import { endpoint, type Call } from './call.ts';
import { createCompletionStream, type Completion } from './completion-stream.ts';
import { noReplyError, protocolError, streamError } from './failures.ts';
import type { OpenReply } from './http.ts';
import { withRetries, type Outcome } from './retries.ts';
import { deploymentName, type Wire } from './wire.ts';

export function createSampler(wire: Wire): Sampler {
  const { settings, http } = wire;

  async function attempt(call: Call, signal: AbortSignal): Promise<Outcome<Sample>> {
    const startedMs = performance.now();
    const outcome = await http.attempt(call, async (reply) => read(call, reply), signal);
    if (!outcome.ok) return outcome;
    const completion = outcome.value;
    if (completion.kind === 'complete') {
      return { ok: true, value: { ...completion.sample, latencyMs: performance.now() - startedMs } };
    }
    if (completion.kind === 'unusable') throw protocolError(call, completion.why);
    if (completion.kind === 'failed') {
      const error = streamError(call, completion, http.redact);
      if (error.status === undefined) throw error;
      return { ok: false, failure: { cause: error.status }, error };
    }
    const error = noReplyError(call, new Error('the stream was cut before its end'), http.redact);
    return { ok: false, failure: { cause: 'network' }, error };
  }

  async function read(call: Call, { body, headers }: OpenReply): Promise<Completion> {
    if (String(headers['content-type']).startsWith('application/json')) {
      throw protocolError(call, 'a stream of events was asked for, and one JSON document came');
    }
    const stream = createCompletionStream();
    let size = 0;
    for await (const chunk of body) {
      size += chunk.byteLength;
      if (size > settings.limits.completionBytes) {
        throw protocolError(call, `the stream is longer than ${settings.limits.completionBytes} bytes`);
      }
      stream.feed(chunk);
    }
    return stream.end();
  }

  return {
    async sample(target, request, signal) {
      const model = deploymentName(await wire.account(signal), target.deploymentId);
      const call: Call = {
        service: 'inference',
        method: 'POST',
        url: endpoint(settings.urls.inference, 'inference/v1/completions'),
        body: completionBody(model, request),
        headers: { accept: 'text/event-stream', 'x-request-id': request.requestId },
        timeout: settings.timeouts.sample,
        retry: settings.retries.sample,
      };
      try {
        return await withRetries(
          call.retry,
          async () => attempt(call, signal),
          signal,
          (failure, delayMs) =>
            settings.logger.debug(
              { requestId: request.requestId, cause: failure.cause, delayMs },
              'sample is repeated',
            ),
        );
      } catch (error) {
        // A deployment that does not answer yet, or again, answers 404: that may pass.
        if (error instanceof BackendError && error.status === 404) {
          throw new BackendError('Unavailable', `${error.message}. Is deployment ${target.deploymentId} serving?`, {
            cause: error,
            status: 404,
            detail: error.detail,
          });
        }
        throw error;
      }
    },
  };
}

function completionBody(model: string, request: SampleRequest): string {
  return JSON.stringify({
    model,
    prompt: request.promptTokens,
    n: 1,
    max_tokens: request.maxTokens,
    temperature: request.temperature,
    // Without these two the server applies the model's own defaults, and samples from another distribution.
    top_p: 1,
    top_k: 0,
    stream: true,
    raw_output: true,
    perf_metrics_in_response: true,
    logprobs: true,
    stop: request.stop,
    seed: request.seed,
  });
}
