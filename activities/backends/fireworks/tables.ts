/** Every deadline, retry rule, poll interval and size limit of this backend, in one place. */
import type { RetryPolicy } from './retry-timing.ts';

/** Deadlines of one attempt: until the headers are there, and from then until the body is complete. */
export interface Timeout {
  readonly headersMs: number;
  readonly bodyMs: number;
}

/** An interval that grows from `firstMs` by half each time, up to `maxMs`. */
export interface Poll {
  readonly firstMs: number;
  readonly maxMs: number;
}

/** Interval after the given number of looks. */
export function intervalMs({ firstMs, maxMs }: Poll, round: number): number {
  return Math.min(firstMs * 1.5 ** round, maxMs);
}

const MINUTE = 60_000;

function both(ms: number): Timeout {
  return { headersMs: ms, bodyMs: ms };
}

export const DEFAULT_TIMEOUTS = {
  connectMs: 5_000,
  controlRead: both(30_000),
  controlWrite: both(MINUTE),
  promote: both(5 * MINUTE),
  hotLoadRead: both(30_000),
  hotLoadWrite: both(MINUTE),
  healthz: both(5_000),
  /** The completion that tells whether a deployment still in creation already serves. */
  probe: both(10_000),
  admission: both(MINUTE),
  heartbeat: both(10_000),
  retrieve: both(45_000),
  sample: both(10 * MINUTE),
};

const NONE: RetryPolicy = [];

/** Torn answers pass; one of another version of the protocol does not, and should be heard of soon. */
const UNREADABLE: RetryPolicy = [
  { on: ['unreadable'], firstMs: 500, maxMs: 10_000, jitter: [0.75, 1], times: 5, budgetMs: MINUTE, hintMaxMs: 0 },
];

const CONTROL_PLANE: RetryPolicy = [
  ...UNREADABLE,
  {
    on: ['network', 'timeout', 408, 429, 500, 502, 503, 504],
    firstMs: 1_000,
    maxMs: 30_000,
    jitter: [0.75, 1],
    times: Infinity,
    budgetMs: 5 * MINUTE,
    hintMaxMs: MINUTE,
  },
];

/** The account's billing is on hold: it may be lifted within the hour. */
const BILLING_PAUSE: RetryPolicy = [
  { on: [402], firstMs: 5_000, maxMs: 5_000, jitter: [1, 1], times: Infinity, budgetMs: 60 * MINUTE, hintMaxMs: 0 },
];

const SENDING = {
  on: ['network', 'timeout', 408, 409, 429, '5xx'],
  firstMs: 500,
  maxMs: 10_000,
  jitter: [0.75, 1],
  times: Infinity,
  budgetMs: 5 * MINUTE,
  hintMaxMs: MINUTE,
} as const;

export const DEFAULT_RETRIES = {
  none: NONE,
  controlPlane: CONTROL_PLANE,
  /** Sequenced trainer requests: safe to repeat, because the number and the body stay the same. */
  admission: [SENDING, ...UNREADABLE, ...BILLING_PAUSE] as RetryPolicy,
  /** Sessions and models have no number to be recognised by: a few transport retries, no more. */
  creation: [{ ...SENDING, times: 10 }, ...UNREADABLE, ...BILLING_PAUSE] as RetryPolicy,
  /** Saving is heavy: fewer, slower repeats. */
  saving: [{ ...SENDING, firstMs: 1_000, maxMs: 30_000 }, ...UNREADABLE, ...BILLING_PAUSE] as RetryPolicy,
  /** Counted from the last sign of life: a result may take hours, silence may not. */
  retrieve: [
    // The server holds a poll while it computes: one that we cut short says nothing about its health.
    { on: ['timeout'], firstMs: 0, maxMs: 0, jitter: [1, 1], times: Infinity, budgetMs: Infinity, hintMaxMs: 0 },
    { on: [400], firstMs: 0, maxMs: 0, jitter: [1, 1], times: 3, budgetMs: Infinity, hintMaxMs: 0 },
    { ...SENDING, on: [429], firstMs: 1_000, maxMs: 30_000 },
    { ...SENDING, on: ['network', '5xx'], firstMs: 200, maxMs: 5_000 },
    ...UNREADABLE,
    ...BILLING_PAUSE,
  ] as RetryPolicy,
  /** A load may be refused with 425 while the previous one drains. */
  hotLoad: [
    ...CONTROL_PLANE,
    { on: [425], firstMs: 5_000, maxMs: 5_000, jitter: [1, 1], times: Infinity, budgetMs: 400_000, hintMaxMs: MINUTE },
  ] as RetryPolicy,
  sample: [
    // The deployment is warming up or loading weights.
    { on: [404, 425], firstMs: 5_000, maxMs: 5_000, jitter: [1, 1], times: 10, budgetMs: Infinity, hintMaxMs: 30_000 },
    {
      on: ['network', 'timeout', 408, 429, 500, 502, 503, 504],
      firstMs: 2_000,
      maxMs: 30_000,
      jitter: [0.5, 1.5],
      times: 6,
      budgetMs: Infinity,
      hintMaxMs: 30_000,
    },
    ...UNREADABLE,
  ] as RetryPolicy,
};

export const DEFAULT_POLLS = {
  /** Status of a hot load: quick at first, so that a fast platform is not slowed down. */
  hotLoad: { firstMs: 200, maxMs: 5_000 },
  /** One that stands idle for so long after a load was accepted may know nothing of it: it is asked again. */
  forgottenMs: 30_000,
  /** Whether a new deployment's hot-load manager is up. */
  manager: { firstMs: 200, maxMs: 5_000 },
  managerTimeoutMs: 5 * MINUTE,
  trainer: { firstMs: 200, maxMs: 5_000 },
  /** A trainer that was just resumed may show for this long that it had ended. */
  endedGraceMs: 30_000,
  /** Between two looks at a trainer that is neither running nor resumable. */
  reconnect: { firstMs: 200, maxMs: 10_000 },
  deployment: { firstMs: 200, maxMs: 15_000 },
  reattach: { firstMs: 200, maxMs: 5_000 },
  deletion: { firstMs: 200, maxMs: 2_000 },
  deletionTimeoutMs: MINUTE,
  /** What was deleted shows it within this time, or it is said that it was not. */
  deletionSeenMs: 10_000,
  operation: { firstMs: 500, maxMs: 10_000 },
  /** Whether a deployment answers after a load. */
  probe: { firstMs: 200, maxMs: 10_000 },
  heartbeatMs: 10_000,
  /** Shortest interval between two polls for one result, should the server not hold them. */
  resultMinMs: 100,
};

export const DEFAULT_LIMITS = {
  replyBytes: 16 * 2 ** 20,
  /** A result carries a log-probability per trained token. */
  resultBytes: 256 * 2 ** 20,
  completionBytes: 64 * 2 ** 20,
  /** What one training request may hold, bytes as estimated. */
  requestDatums: 1_024,
  requestBytes: 5_000_000,
  /** Requests of one pass that are sent side by side. */
  parallelChunks: 128,
};

export type Timeouts = typeof DEFAULT_TIMEOUTS;
export type Retries = typeof DEFAULT_RETRIES;
export type Polls = Readonly<typeof DEFAULT_POLLS>;
export type Limits = typeof DEFAULT_LIMITS;

/**
 * The same rules for a caller that repeats its calls itself, as a workflow does: an outage is then seen by whoever
 * watches, instead of being slept through in here. Billing holds and loads under way keep their own time.
 */
export function retriesWithin(budgetMs: number, retries: Retries = DEFAULT_RETRIES): Retries {
  const hasten = (policy: RetryPolicy): RetryPolicy =>
    policy.map((rule) => (isOutage(rule) ? { ...rule, budgetMs: Math.min(rule.budgetMs, budgetMs) } : rule));
  return {
    ...retries,
    controlPlane: hasten(retries.controlPlane),
    admission: hasten(retries.admission),
    creation: hasten(retries.creation),
    saving: hasten(retries.saving),
    retrieve: hasten(retries.retrieve),
    hotLoad: hasten(retries.hotLoad),
  };
}

function isOutage({ on }: RetryPolicy[number]): boolean {
  return on.includes('network');
}
