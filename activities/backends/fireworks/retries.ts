/** Repeats an attempt as its policy says, until it succeeds or is final. */
import { performance } from 'node:perf_hooks';
import { BackendError } from '../../../domain/words/failures-of-calls.ts';
import { retryDelayMs, ruleFor, type Failure, type RetryPolicy, type RetryRule } from './retry-timing.ts';
import { sleep } from './sleep.ts';

export type Outcome<T> =
  | { readonly ok: true; readonly value: T }
  | { readonly ok: false; readonly failure: Failure; readonly error: BackendError };

/** Fails with the last attempt's error, or at once with the signal's reason. */
export async function withRetries<T>(
  policy: RetryPolicy,
  attempt: () => Promise<Outcome<T>>,
  signal: AbortSignal,
  onRetry: (failure: Failure, delayMs: number) => void = () => undefined,
): Promise<T> {
  const spent = new Map<RetryRule, { repeats: number; sinceMs: number }>();
  for (let attempts = 1; ; attempts += 1) {
    signal.throwIfAborted();
    const outcome = await attempt();
    if (outcome.ok) return outcome.value;

    const rule = ruleFor(policy, outcome.failure);
    if (rule === undefined) throw outcome.error;
    const nowMs = performance.now();
    const progress = spent.get(rule) ?? { repeats: 0, sinceMs: nowMs };
    spent.set(rule, { ...progress, repeats: progress.repeats + 1 });
    const delayMs = retryDelayMs(
      rule,
      outcome.failure,
      { repeats: progress.repeats, elapsedMs: nowMs - progress.sinceMs },
      { random: Math.random(), nowMs: Date.now() },
    );
    if (delayMs === 'give up') throw afterAttempts(outcome.error, attempts);
    onRetry(outcome.failure, delayMs);
    await sleep(delayMs, signal);
  }
}

function afterAttempts(error: BackendError, attempts: number): BackendError {
  if (attempts === 1) return error;
  return new BackendError(error.type, `${error.message} (after ${attempts} attempts)`, {
    detail: { ...error.detail, attempts },
    ...(error.cause === undefined ? {} : { cause: error.cause }),
    ...(error.status === undefined ? {} : { status: error.status }),
  });
}
