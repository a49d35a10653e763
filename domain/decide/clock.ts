/** The clock that budgets are looked at by: it runs while something is rented, and stands while a run only waits. Pure. */

export interface RentClock {
  /** It runs since then; absent: it stands. */
  readonly sinceMs?: number;
  /** Milliseconds of earlier times. */
  readonly beforeMs: number;
}

export const STOPPED_CLOCK: RentClock = { beforeMs: 0 };

export function started(clock: RentClock, nowMs: number): RentClock {
  return clock.sinceMs === undefined ? { ...clock, sinceMs: nowMs } : clock;
}

export function stopped({ sinceMs, beforeMs }: RentClock, nowMs: number): RentClock {
  return { beforeMs: beforeMs + (sinceMs === undefined ? 0 : nowMs - sinceMs) };
}

export function rentedMs({ sinceMs, beforeMs }: RentClock, nowMs: number): number {
  return beforeMs + (sinceMs === undefined ? 0 : Math.max(0, nowMs - sinceMs));
}
