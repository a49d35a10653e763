/** Waiting that a signal ends. */
import { setTimeout as delay } from 'node:timers/promises';

/** Waits, or fails at once with the signal's own reason. */
export async function sleep(ms: number, signal: AbortSignal): Promise<void> {
  signal.throwIfAborted();
  if (ms <= 0) return;
  try {
    await delay(ms, undefined, { signal });
  } catch (error) {
    signal.throwIfAborted();
    throw error;
  }
}
