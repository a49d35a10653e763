/** Waiting for the result of a request that the trainer has accepted: a long poll without end, but not without signs of life. */
import { performance } from 'node:perf_hooks';
import { z } from 'zod';
import { BackendError } from '../../../domain/words/failures-of-calls.ts';
import { describeCall, type Call } from './call.ts';
import { fromOutside } from '../../../domain/words/outside-text.ts';
import { protocolError } from './failures.ts';
import { parseReply, readText, type Http } from './http.ts';
import { firstIssue } from './json.ts';
import { withRetries, type Outcome } from './retries.ts';
import type { Settings } from './settings.ts';
import { sleep } from './sleep.ts';

const NotYet = z.union([
  z.object({ type: z.literal('try_again') }),
  z.object({ status: z.literal('complete_metadata') }),
]);

const Failed = z.object({
  error: z.string(),
  category: z.string().nullish(),
  error_class: z.string().nullish(),
});

type Poll<T> = { readonly kind: 'not-yet' } | { readonly kind: 'done'; readonly value: T };

export interface Futures {
  /** Resolves with the result as `schema` reads it; fails if the trainer says that the request failed. */
  retrieve<T>(call: Call, schema: z.ZodType<T>, signal: AbortSignal): Promise<T>;
}

export function createFutures(settings: Settings, http: Http): Futures {
  async function poll<T>(call: Call, schema: z.ZodType<T>, signal: AbortSignal): Promise<Outcome<Poll<T>>> {
    const outcome = await http.attempt(
      call,
      async ({ body }): Promise<Poll<T>> => {
        const answer = parseReply(call, z.unknown(), await readText(call, body, settings.limits.resultBytes));
        if (NotYet.safeParse(answer).success) return { kind: 'not-yet' };
        return { kind: 'done', value: resultOf(call, schema, answer, http) };
      },
      signal,
    );
    if (outcome.ok) return outcome;
    // Some servers end a held poll with 408: the request is alive.
    return outcome.failure.cause === 408 ? { ok: true, value: { kind: 'not-yet' } } : outcome;
  }

  return {
    async retrieve(call, schema, signal) {
      for (;;) {
        const startedMs = performance.now();
        // A new policy run per answer: what was tried before a sign of life no longer counts.
        const answer = await withRetries(call.retry, async () => poll(call, schema, signal), signal);
        if (answer.kind === 'done') return answer.value;
        await sleep(settings.polls.resultMinMs - (performance.now() - startedMs), signal);
      }
    },
  };
}

function resultOf<T>(call: Call, schema: z.ZodType<T>, body: unknown, http: Http): T {
  const failed = Failed.safeParse(body);
  if (failed.success) {
    const { error, category, error_class: errorClass } = failed.data;
    const byUser = category?.toLowerCase() === 'user';
    // Asking again under the same number gives the same answer, and whether the gradient counted is unknown: go back.
    throw new BackendError(
      byUser ? 'InvalidRequest' : 'LostTrainer',
      `the trainer ${byUser ? 'refused' : 'failed'} a request: ${fromOutside(error, http.redact)}`,
      {
        detail: {
          endpoint: describeCall(call),
          category: fromOutside(category ?? 'unknown', http.redact),
          ...(errorClass ? { errorClass: fromOutside(errorClass, http.redact) } : {}),
        },
      },
    );
  }
  const parsed = schema.safeParse(body);
  if (!parsed.success) throw protocolError(call, firstIssue(parsed.error));
  return parsed.data;
}
