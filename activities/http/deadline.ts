/** A time limit joined with the caller's signal; leaves no listener behind on a signal that outlives it. */

import { setMaxListeners } from 'node:events';

export interface Deadline {
  readonly signal: AbortSignal;
  /** Ended by its own clock, not by the caller. */
  expired(): boolean;
  /** Starts the clock anew. */
  restart(ms: number): void;
  clear(): void;
}

export function createDeadline(outer: AbortSignal, ms: number): Deadline {
  const controller = new AbortController();
  let expired = false;
  let timer: NodeJS.Timeout | undefined;
  const forward = (): void => controller.abort(outer.reason);
  const restart = (limit: number): void => {
    clearTimeout(timer);
    timer = setTimeout(() => {
      expired = true;
      controller.abort(new Error(`no answer within ${Math.round(limit) / 1000} s`));
    }, limit);
  };
  // One signal may rule over hundreds of requests at once; that is not a leak.
  setMaxListeners(0, outer);
  if (outer.aborted) forward();
  outer.addEventListener('abort', forward, { once: true });
  restart(ms);
  return {
    signal: controller.signal,
    expired: () => expired,
    restart,
    clear() {
      clearTimeout(timer);
      outer.removeEventListener('abort', forward);
    },
  };
}
