/** One JSON request to a grader's endpoint: repeated while it is overloaded or away, and then given up. */
import { setTimeout as sleep } from 'node:timers/promises';
import type { FailureType } from '../../domain/words/run.ts';
import { BackendError } from '../../domain/words/failures-of-calls.ts';

export interface JsonRequest {
  readonly url: string;
  readonly body: object;
  /** Sent as a bearer token. */
  readonly key?: string | undefined;
  /** The same for every repetition. */
  readonly id: string;
  readonly timeoutMs: number;
  readonly signal: AbortSignal;
}

/** Waits before the second, third and fourth attempt; what lasts longer Temporal repeats, and shows. */
const DELAYS_MS = [250, 1_000, 4_000];
const LONGEST_HINT_MS = 30_000;

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
  const { url, body, key, id, timeoutMs, signal } = request;
  const place = `grader ${withoutQuery(url)}`;
  try {
    const response = await fetch(url, {
      method: 'POST',
      headers: {
        'content-type': 'application/json',
        'idempotency-key': id,
        ...(key !== undefined && { authorization: `Bearer ${key}` }),
      },
      body: JSON.stringify(body),
      // A key goes where the experiment says, and nowhere else.
      redirect: 'error',
      signal: AbortSignal.any([signal, AbortSignal.timeout(timeoutMs)]),
    });
    if (response.ok) return { json: await jsonOf(response, place) };
    await response.body?.cancel();
    const { status } = response;
    const failure = new BackendError(typeOf(status), `${place} answered ${status}`, { status });
    return { failure, hintMs: hintOf(response) };
  } catch (cause) {
    if (signal.aborted) throw cause;
    if (cause instanceof BackendError) return { failure: cause, hintMs: 0 };
    return { failure: new BackendError('Unavailable', `${place} does not answer`, { cause }), hintMs: 0 };
  }
}

async function jsonOf(response: Response, place: string): Promise<unknown> {
  const text = await response.text();
  try {
    return JSON.parse(text) as unknown;
  } catch {
    throw new BackendError('InvalidRequest', `${place} did not answer in JSON`);
  }
}

function typeOf(status: number): FailureType {
  if (status === 401 || status === 403) return 'Unauthorized';
  return status >= 500 || [408, 409, 425, 429].includes(status) ? 'Unavailable' : 'InvalidRequest';
}

function hintOf(response: Response): number {
  const seconds = Number(response.headers.get('retry-after') ?? 0);
  return Number.isFinite(seconds) ? Math.min(seconds * 1_000, LONGEST_HINT_MS) : 0;
}

function withoutQuery(url: string): string {
  const { origin, pathname } = new URL(url);
  return `${origin}${pathname}`;
}
