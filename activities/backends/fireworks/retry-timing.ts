/** Whether and when to repeat a failed request: a pure function of the rule, the answer and what was tried before. */

/** What an attempt ended with: an HTTP status, no answer at all, or one that nobody can read. */
type FailureCause = number | 'network' | 'timeout' | 'unreadable';

export type ReplyHeaders = Readonly<Record<string, string | string[] | undefined>>;

/** One attempt that failed. */
export interface Failure {
  readonly cause: FailureCause;
  readonly headers?: ReplyHeaders;
  /** The answer itself says that the same request can never succeed. */
  readonly final?: true;
}

/** How failures of some kinds are repeated. Delays double from `firstMs` up to `maxMs`. */
export interface RetryRule {
  readonly on: readonly (FailureCause | '5xx')[];
  readonly firstMs: number;
  readonly maxMs: number;
  /** The delay is multiplied by a random number between these two. */
  readonly jitter: readonly [low: number, high: number];
  /** At most this many repeats. */
  readonly times: number;
  /** No repeat later than this after the first failure of these kinds. */
  readonly budgetMs: number;
  /** A delay the server asks for is obeyed up to this length. */
  readonly hintMaxMs: number;
}

/** The first rule that names a failure decides; a failure that no rule names is final. */
export type RetryPolicy = readonly RetryRule[];

/** What was already spent under one rule. */
export interface RetryProgress {
  readonly repeats: number;
  readonly elapsedMs: number;
}

/** The rule that decides on a failure, or undefined if it is final. */
export function ruleFor(policy: RetryPolicy, failure: Failure): RetryRule | undefined {
  const verdict = headerOf(failure.headers, 'x-should-retry');
  if (failure.final === true || verdict === 'false') return undefined;
  const rule = policy.find((candidate) => candidate.on.some((kind) => matches(kind, failure.cause)));
  return rule ?? (verdict === 'true' ? policy[0] : undefined);
}

/** Milliseconds to wait before the next attempt. `chance.random` is in [0, 1); `chance.nowMs` is the wall clock. */
export function retryDelayMs(
  rule: RetryRule,
  failure: Failure,
  progress: RetryProgress,
  chance: { readonly random: number; readonly nowMs: number },
): number | 'give up' {
  if (progress.repeats >= rule.times) return 'give up';
  const [low, high] = rule.jitter;
  const backoff = Math.min(rule.firstMs * 2 ** progress.repeats, rule.maxMs) * (low + (high - low) * chance.random);
  // The hint is a lower bound, not a replacement: many clients told the same number must not all return together.
  const delay = Math.max(backoff, Math.min(hintMs(failure.headers, chance.nowMs) ?? 0, rule.hintMaxMs));
  return progress.elapsedMs + delay > rule.budgetMs ? 'give up' : delay;
}

function matches(kind: FailureCause | '5xx', cause: FailureCause): boolean {
  if (kind === '5xx') return typeof cause === 'number' && cause >= 500 && cause <= 599;
  return kind === cause;
}

/** `retry-after-ms`, else `retry-after` in seconds or as an HTTP date; undefined if absent or not understood. */
function hintMs(headers: ReplyHeaders | undefined, nowMs: number): number | undefined {
  const exact = positive(headerOf(headers, 'retry-after-ms'));
  if (exact !== undefined) return exact;
  const after = headerOf(headers, 'retry-after');
  if (after === undefined) return undefined;
  const seconds = positive(after);
  if (seconds !== undefined) return seconds * 1000;
  const date = Date.parse(after);
  return Number.isNaN(date) ? undefined : Math.max(0, date - nowMs);
}

function positive(text: string | undefined): number | undefined {
  if (text === undefined || !/^\s*\d+(\.\d+)?\s*$/.test(text)) return undefined;
  return Number(text);
}

function headerOf(headers: ReplyHeaders | undefined, name: string): string | undefined {
  const value = headers?.[name];
  return Array.isArray(value) ? value[0] : value;
}
