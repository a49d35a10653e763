/**
 * A controller that also ends with the caller's signal. Not `AbortSignal.any`: on Node 20 what that composes is collected
 * while requests still wait for it, and then nothing ends them.
 */
import { setMaxListeners } from 'node:events';

export interface LinkedAbort {
  readonly signal: AbortSignal;
  abort(): void;
  /** Lets go of the outer signal, which may outlive this one. */
  clear(): void;
}

export function linkedAbort(outer: AbortSignal): LinkedAbort {
  const controller = new AbortController();
  const forward = (): void => controller.abort(outer.reason);
  // As many listen as requests are under way, which is no leak.
  setMaxListeners(0, outer, controller.signal);
  if (outer.aborted) forward();
  outer.addEventListener('abort', forward, { once: true });
  return {
    signal: controller.signal,
    abort: () => controller.abort(),
    clear: () => outer.removeEventListener('abort', forward),
  };
}
