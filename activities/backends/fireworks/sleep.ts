/** Waiting that a signal ends. */
import { setMaxListeners } from 'node:events';
import { setTimeout as delay } from 'node:timers/promises';

/** For callers who never change their mind. */
export const NEVER: AbortSignal = new AbortController().signal;
// It is listened to by everything at once, and lives as long as the process.
setMaxListeners(0, NEVER);

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
