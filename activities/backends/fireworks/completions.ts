/** One streamed completion of a deployment, whole or not at all: what is repeated, and what is final. */
import { BackendError } from '../../../domain/words/failures-of-calls.ts';
import { align, type Asked, type SampledSequence } from './alignment.ts';
import { endpoint, type Call } from './call.ts';
import { createCompletionStream, type Completion } from './completion-stream.ts';
import type { Slot } from './concurrency.ts';
import { noReplyError, protocolError, streamError } from './failures.ts';
import type { OpenReply } from './http.ts';
import { withRetries, type Outcome } from './retries.ts';
import { deploymentName, type Wire } from './wire.ts';

export interface CompletionRequest {
  readonly deploymentId: string;
  /** Everything but the model. */
  readonly body: object;
  /** Constant over the retries of one logical sample. 32 hex digits. */
  readonly requestId: string;
  readonly asked: Asked;
}

/** Signs of overload; anything else says nothing about how much the deployment can take. */
const CONGESTION = new Set<unknown>([429, 503, 'network']);

export async function complete(
  wire: Wire,
  request: CompletionRequest,
  slot: Slot,
  signal: AbortSignal,
): Promise<SampledSequence> {
  const { settings } = wire;
  const model = deploymentName(await wire.account(signal), request.deploymentId);
  const call: Call = {
    service: 'inference',
    method: 'POST',
    url: endpoint(settings.urls.inference, 'inference/v1/completions'),
    body: JSON.stringify({ model, ...request.body }),
    headers: { accept: 'text/event-stream', 'x-request-id': request.requestId },
    timeout: settings.timeouts.sample,
    retry: settings.retries.sample,
  };
  let attempt = 0;
  try {
    const sequence = await withRetries(
      call.retry,
      async () => {
        attempt += 1;
        const outcome = await attemptOnce(wire, call, request.asked, signal);
        if (!outcome.ok && CONGESTION.has(outcome.failure.cause)) slot.turnedAway(attempt);
        return outcome;
      },
      signal,
      ({ cause }, delayMs) =>
        settings.logger.debug({ requestId: request.requestId, cause, delayMs }, 'sample is repeated'),
    );
    slot.succeeded(sequence.queueSeconds);
    return sequence;
  } catch (error) {
    // A deployment that does not answer yet, or again, answers 404: that may pass.
    if (error instanceof BackendError && error.status === 404) {
      throw new BackendError('Unavailable', `${error.message}. Is deployment ${request.deploymentId} serving?`, {
        cause: error,
        status: 404,
        detail: error.detail,
      });
    }
    throw error;
  }
}

async function attemptOnce(
  { settings, http }: Wire,
  call: Call,
  asked: Asked,
  signal: AbortSignal,
): Promise<Outcome<SampledSequence>> {
  const outcome = await http.attempt(
    call,
    async (reply) => {
      const ended = await read(call, reply, settings.limits.completionBytes);
      if (ended.kind === 'unusable') throw protocolError(call, ended.why);
      if (ended.kind !== 'complete') return ended;
      const aligned = align(ended.completion, asked);
      if ('why' in aligned) throw protocolError(call, aligned.why);
      return { kind: 'aligned' as const, sequence: aligned.sequence };
    },
    signal,
  );
  if (!outcome.ok) return outcome;
  const ended = outcome.value;
  if (ended.kind === 'failed') {
    const error = streamError(call, ended, http.redact);
    if (error.status === undefined) throw error;
    return { ok: false, failure: { cause: error.status }, error };
  }
  if (ended.kind === 'cut') {
    const error = noReplyError(call, new Error('the stream was cut before its end'), http.redact);
    return { ok: false, failure: { cause: 'network' }, error };
  }
  return { ok: true, value: ended.sequence };
}

async function read(call: Call, { body, headers }: OpenReply, limit: number): Promise<Completion> {
  if (String(headers['content-type']).startsWith('application/json')) {
    throw protocolError(call, 'a stream of events was asked for, and one JSON document came');
  }
  const stream = createCompletionStream();
  let size = 0;
  for await (const chunk of body) {
    size += chunk.byteLength;
    if (size > limit) throw protocolError(call, `the stream is longer than ${limit} bytes`);
    stream.feed(chunk);
  }
  return stream.end();
}
