/** Waits for a locked store between short tries, so that whoever only reads is not kept behind one who waits to write. */
import { setTimeout as sleep } from 'node:timers/promises';
import { StoreUnavailable } from '../sqlite/failures.ts';
import { FileMoved } from '../sqlite/sqlite-thread.ts';

/** What the store's thread may wait for by itself: most locks are gone within a millisecond. */
export const BLOCKING_MS = 20;
const PAUSE_MS = 30;

/** The same verbs, each tried again until nobody holds the store any more, or `timeoutMs` is over: every one is keyed. */
export function patient<Verbs extends object>(verbs: Verbs, timeoutMs: number): Verbs {
  const wrapped = Object.entries(verbs).map(([name, verb]) => [
    name,
    (...args: readonly unknown[]): Promise<unknown> =>
      patiently(() => (verb as (...args: readonly unknown[]) => Promise<unknown>)(...args), timeoutMs),
  ]);
  return Object.fromEntries(wrapped) as Verbs;
}

/** Tries again until nobody holds the store any more, or `timeoutMs` is over. */
export async function patiently<T>(attempt: () => Promise<T>, timeoutMs: number): Promise<T> {
  const deadlineMs = performance.now() + timeoutMs;
  for (;;) {
    try {
      return await attempt();
    } catch (error) {
      // A transaction whose file was moved away is begun again, in the one that is there now.
      if (!(isLocked(error) || error instanceof FileMoved) || performance.now() >= deadlineMs) throw error;
    }
    await sleep(PAUSE_MS);
  }
}

function isLocked(error: unknown): boolean {
  return error instanceof StoreUnavailable && error.trouble === 'locked';
}
