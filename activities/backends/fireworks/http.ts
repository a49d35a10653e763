/** The HTTP client under all four services: authentication, deadlines, retries, bounded and parsed replies. */
import { isNativeError } from 'node:util/types';
import { Agent, request, type Dispatcher } from 'undici';
import type { z } from 'zod';
import { BackendError } from '../../../domain/words/failures-of-calls.ts';
import { describeCall, type Call } from './call.ts';
import { createDeadline } from '../../http/deadline.ts';
import { redacting, type Redact } from '../../../domain/words/secrets.ts';
import { noReplyError, protocolError, replyError, UnreadableAnswer } from './failures.ts';
import { firstIssue, tryJson } from './json.ts';
import { withRetries, type Outcome } from './retries.ts';
import type { ReplyHeaders } from './retry-timing.ts';
import type { Settings } from './settings.ts';

/** A success whose body is still to be read. */
export interface OpenReply {
  readonly headers: ReplyHeaders;
  readonly body: AsyncIterable<Uint8Array>;
}

export interface Http {
  readonly redact: Redact;
  /** Sends, repeats as `call.retry` says, and parses the reply. */
  send<T>(call: Call, schema: z.ZodType<T>, signal: AbortSignal): Promise<T>;
  /** One attempt, parsed. */
  once<T>(call: Call, schema: z.ZodType<T>, signal: AbortSignal): Promise<Outcome<T>>;
  /** One attempt; `read` consumes the body of a success. A `BackendError` that `read` throws passes through. */
  attempt<T>(call: Call, read: (reply: OpenReply) => Promise<T>, signal: AbortSignal): Promise<Outcome<T>>;
  /** One attempt: whether there was a success, whatever it said. */
  succeeds(call: Call, signal: AbortSignal): Promise<boolean>;
  close(): Promise<void>;
}

const START_BYTES = 64 * 1024;

export function createHttp(settings: Settings): Http {
  const agent = new Agent({ connect: { timeout: settings.timeouts.connectMs } });
  const redact = redacting([settings.apiKey]);

  async function attempt<T>(
    call: Call,
    read: (reply: OpenReply) => Promise<T>,
    signal: AbortSignal,
  ): Promise<Outcome<T>> {
    signal.throwIfAborted();
    const deadline = createDeadline(signal, call.timeout.headersMs);
    let response: Dispatcher.ResponseData | undefined;
    try {
      response = await request(call.url, {
        dispatcher: agent,
        method: call.method,
        headers: headersOf(call, settings.apiKey),
        body: call.body ?? null,
        signal: deadline.signal,
        // The deadline above covers both, to the millisecond.
        headersTimeout: 0,
        bodyTimeout: 0,
      });
      deadline.restart(call.timeout.bodyMs);
      const { statusCode: status, headers, body } = response;
      if (status >= 200 && status <= 299) return { ok: true, value: await read({ headers, body }) };
      return refused(call, status, headers, await readStart(body));
    } catch (error) {
      signal.throwIfAborted();
      response?.body.on('error', () => undefined).destroy();
      if (error instanceof UnreadableAnswer) return { ok: false, failure: { cause: 'unreadable' }, error };
      if (error instanceof BackendError || !isTransport(error, deadline.expired())) throw error;
      return noReply(call, error, deadline.expired());
    } finally {
      deadline.clear();
    }
  }

  function refused(call: Call, status: number, headers: ReplyHeaders, body: string): Outcome<never> {
    // An empty 400 was not written by the trainer but by a proxy on the way to it.
    if (status === 400 && body === '' && call.service === 'trainer') {
      return noReply(call, new Error('a proxy answered 400 without a body'), false);
    }
    const final = status === 409 && isReuse(body) ? ({ final: true } as const) : {};
    const error = replyError(call, status, body, redact);
    return { ok: false, failure: { cause: status, headers, ...final }, error };
  }

  function noReply(call: Call, error: unknown, expired: boolean): Outcome<never> {
    return {
      ok: false,
      failure: { cause: expired ? 'timeout' : 'network' },
      error: noReplyError(call, error, redact),
    };
  }

  async function once<T>(call: Call, schema: z.ZodType<T>, signal: AbortSignal): Promise<Outcome<T>> {
    const limit = call.maxBytes ?? settings.limits.replyBytes;
    return attempt(call, async ({ body }) => parseReply(call, schema, await readText(call, body, limit)), signal);
  }

  return {
    redact,
    attempt,
    once,
    async succeeds(call, signal) {
      const outcome = await attempt(call, async ({ body }) => readStart(body), signal);
      return outcome.ok;
    },
    async send(call, schema, signal) {
      return withRetries(
        call.retry,
        async () => once(call, schema, signal),
        signal,
        (failure, delayMs) =>
          settings.logger.debug({ endpoint: describeCall(call), cause: failure.cause, delayMs }, 'request is repeated'),
      );
    },
    async close() {
      if (!agent.closed) await agent.close();
    },
  };
}

/** A conflict over a number or a key that already stands for another body does not pass by waiting, as others may. */
function isReuse(body: string): boolean {
  return /different request payload|idempotency|already exists|reused/i.test(body);
}

function headersOf(call: Call, apiKey: string): Record<string, string> {
  return {
    accept: 'application/json',
    ...(call.body === undefined ? {} : { 'content-type': 'application/json' }),
    'user-agent': 'pawl',
    ...call.headers,
    // Which of the two a service reads is not documented for every one: it gets both.
    'x-api-key': apiKey,
    authorization: `Bearer ${apiKey}`,
  };
}

/** Errors of sockets and of undici carry a code; anything else is our own fault and must not be repeated. */
function isTransport(error: unknown, expired: boolean): boolean {
  return expired || (isNativeError(error) && 'code' in error && typeof error.code === 'string');
}

/** The whole body as text; more than `limit` bytes is an error, not a full memory. */
export async function readText(call: Call, body: AsyncIterable<Uint8Array>, limit: number): Promise<string> {
  const chunks: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of body) {
    size += chunk.byteLength;
    if (size > limit) throw protocolError(call, `the reply is larger than ${limit} bytes`);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString('utf8');
}

/** As much of a body as anybody would read. */
async function readStart(body: AsyncIterable<Uint8Array>): Promise<string> {
  const chunks: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of body) {
    chunks.push(chunk);
    size += chunk.byteLength;
    if (size >= START_BYTES) break;
  }
  return Buffer.concat(chunks).toString('utf8');
}

/** Nothing unparsed leaves this file. */
export function parseReply<T>(call: Call, schema: z.ZodType<T>, text: string): T {
  const json = text === '' ? {} : tryJson(text);
  if (json === undefined) {
    throw protocolError(call, 'it is not JSON. Check FIREWORKS_BASE_URL');
  }
  const parsed = schema.safeParse(json);
  if (!parsed.success) throw protocolError(call, firstIssue(parsed.error));
  return parsed.data;
}
