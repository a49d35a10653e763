/**
 * What rewinds cost, and when there were too many. A loss is what was rented and is trained again: neither the time in
 * which nobody was there, nor a pause, nor what an earlier rewind booked already.
 */
import type { RunSpec } from '../spec/spec.ts';

/** Rewinds so far, in a few numbers however many there were. */
export interface Losses {
  readonly rewinds: number;
  /** Since the run last got beyond every checkpoint that it had saved. */
  readonly withoutProgress: number;
  /** Step of the last saved state that a rewind went back to. */
  readonly toStep?: number;
  readonly seconds: number;
}

export const NO_LOSSES: Losses = { rewinds: 0, withoutProgress: 0, seconds: 0 };

export function withRewind(losses: Losses, { toStep, seconds }: { toStep: number; seconds: number }): Losses {
  const progressed = losses.toStep !== undefined && toStep > losses.toStep;
  return {
    rewinds: losses.rewinds + 1,
    withoutProgress: progressed ? 1 : losses.withoutProgress + 1,
    toStep: Math.max(toStep, losses.toStep ?? 0),
    seconds: losses.seconds + seconds,
  };
}

/**
 * Time spent on a window whose outcome is not known, in milliseconds: no longer than such a window takes, however long
 * ago it began. `secondsPerStep` is of the windows before it; absent: there was none.
 */
export function spentOnLostWindow(facts: {
  readonly sinceMs: number;
  readonly steps: number;
  readonly secondsPerStep?: number | undefined;
}): number {
  const usual = facts.secondsPerStep === undefined ? UNKNOWN_WINDOW_MS : facts.steps * facts.secondsPerStep * 1000;
  return Math.max(0, Math.min(facts.sinceMs, usual));
}

const UNKNOWN_WINDOW_MS = 10_000;

/** Why a run must not rewind once more; undefined: it may. */
export function judgeRewinds(recovery: RunSpec['recovery'], losses: Losses): string | undefined {
  if (losses.withoutProgress > recovery.maxRewinds) {
    return `recovery.maxRewinds of ${recovery.maxRewinds} is used up: no rewind led beyond step ${losses.toStep ?? 0}`;
  }
  if (losses.seconds / 3600 > recovery.maxLostHours) {
    return `recovery.maxLostHours of ${recovery.maxLostHours} is used up`;
  }
  return undefined;
}
