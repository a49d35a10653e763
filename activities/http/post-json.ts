/** One JSON request to an endpoint that the user named: repeated while it is overloaded or away, and then given up. */
import { setTimeout as sleep } from 'node:timers/promises';
import { request as send, type Dispatcher } from 'undici';
import type { FailureType } from '../../domain/words/run.ts';
import { BackendError } from '../../domain/words/failures-of-calls.ts';
import { BodyTooLarge, readBounded, UnknownEncoding } from './bounded-body.ts';
import { createDeadline } from './deadline.ts';

export interface JsonRequest {
  /** What it is to pawl, in errors: `grader`. */
  readonly role: string;
  readonly url: string;
  readonly body: object;
  /** Sent as a bearer token. */
  readonly key?: string | undefined;
  /** The same for every repetition. */
  readonly id: string;
  /** Of one attempt, the last byte of its answer included. */
  readonly timeoutMs: number;
  readonly signal: AbortSignal;
  /** Of the answer, decompressed. Default: 4 MiB. */
  readonly maxBytes?: number;
}

/** Waits before the second, third and fourth attempt; what lasts longer Temporal repeats, and shows. */
const DELAYS_MS = [250, 1_000, 4_000];
const LONGEST_HINT_MS = 30_000;
const MAX_BYTES = 4 * 1024 * 1024;

/** The answer's JSON. Neither key nor bodies are ever part of an error: some services quote the key in theirs. */
export async function postJson(request: JsonRequest): Promise<unknown> {
  for (const delayMs of DELAYS_MS) {
    const outcome = await attempt(request);
    if (!('failure' in outcome)) return outcome.json;
    if (outcome.failure.type !== 'Unavailable') throw outcome.failure;
    await sleep(Math.max(delayMs, outcome.hintMs), undefined, { signal: request.signal });
  }
  const outcome = await attempt(request);
  if ('failure' in outcome) throw outcome.failure;
  return outcome.json;
}

type Outcome = { readonly json: unknown } | { readonly failure: BackendError; readonly hintMs: number };

async function attempt(request: JsonRequest): Promise<Outcome> {
  const { url, timeoutMs, signal } = request;
  signal.throwIfAborted();
  const place = `${request.role} ${withoutQuery(url)}`;
  const deadline = createDeadline(signal, timeoutMs);
  try {
    const response = await post(request, deadline.signal);
    const { statusCode: status, headers, body } = response;
    if (status >= 200 && status <= 299) return { json: await jsonOf(response, place, request.maxBytes) };
    body.on('error', () => undefined).destroy();
    return { failure: refusal(place, status, headers['location']), hintMs: hintOf(headers['retry-after']) };
  } catch (cause) {
    signal.throwIfAborted();
    if (cause instanceof BackendError) return { failure: cause, hintMs: 0 };
    const what = deadline.expired() ? `gave no answer within ${timeoutMs / 1_000} s` : 'does not answer';
    return { failure: new BackendError('Unavailable', `${place} ${what}`, { cause }), hintMs: 0 };
  } finally {
    deadline.clear();
  }
}

/** Redirects are not followed: a key goes where the experiment says, and nowhere else. */
async function post({ url, body, key, id }: JsonRequest, signal: AbortSignal): Promise<Dispatcher.ResponseData> {
  return send(url, {
    method: 'POST',
    headers: {
      accept: 'application/json',
      'accept-encoding': 'identity',
      'content-type': 'application/json',
      'idempotency-key': id,
      'user-agent': 'pawl',
      ...(key !== undefined && { authorization: `Bearer ${key}` }),
    },
    body: JSON.stringify(body),
    signal,
    // The caller's deadline covers both: a grader may think for longer than a client is used to.
    headersTimeout: 0,
    bodyTimeout: 0,
  });
}

async function jsonOf(
  { headers, body }: Dispatcher.ResponseData,
  place: string,
  maxBytes: number = MAX_BYTES,
): Promise<unknown> {
  try {
    const bytes = await readBounded(body, one(headers['content-encoding']), maxBytes);
    return JSON.parse(bytes.toString('utf8')) as unknown;
  } catch (cause) {
    if (cause instanceof BodyTooLarge) {
      throw new BackendError('InvalidRequest', `${place} answered with more than ${maxBytes} bytes`);
    }
    if (cause instanceof UnknownEncoding) {
      throw new BackendError('InvalidRequest', `${place} answered in an encoding that pawl does not read`);
    }
    if (cause instanceof SyntaxError) throw new BackendError('InvalidRequest', `${place} did not answer in JSON`);
    throw cause;
  }
}

function refusal(place: string, status: number, location: string | string[] | undefined): BackendError {
  if (status < 300 || status > 399) return new BackendError(typeOf(status), `${place} answered ${status}`, { status });
  const to = one(location);
  const elsewhere = to !== undefined && URL.canParse(to) ? ` to ${withoutQuery(to).slice(0, 200)}` : '';
  return new BackendError(
    'InvalidRequest',
    `${place} redirects${elsewhere} (${status}), which pawl does not follow with a key: give the address itself`,
    { status },
  );
}

function typeOf(status: number): FailureType {
  if (status === 401 || status === 403) return 'Unauthorized';
  return status >= 500 || [408, 409, 425, 429].includes(status) ? 'Unavailable' : 'InvalidRequest';
}

function hintOf(header: string | string[] | undefined): number {
  const seconds = Number(one(header) ?? 0);
  return Number.isFinite(seconds) ? Math.min(seconds * 1_000, LONGEST_HINT_MS) : 0;
}

function one(header: string | string[] | undefined): string | undefined {
  return Array.isArray(header) ? header[0] : header;
}

function withoutQuery(url: string): string {
  const { origin, pathname } = new URL(url);
  return `${origin}${pathname}`;
}
