/**
 * Waits for a locked store without blocking its process: SQLite's own waiting stops every timer of a worker, and one
 * that cannot beat its heart is taken for dead.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { PawlError } from '../../domain/words/failures-of-calls.ts';

/** What SQLite may wait for by itself: most locks are gone within a millisecond. */
export const BLOCKING_MS = 20;
const PAUSE_MS = 30;

/** The same verbs, each tried again until nobody holds the store any more, or `timeoutMs` is over: every one is keyed. */
export function patient<Verbs extends object>(verbs: Verbs, timeoutMs: number): Verbs {
  const wrapped = Object.entries(verbs).map(([name, verb]) => [
    name,
    (...args: readonly unknown[]): Promise<unknown> =>
      persist(() => (verb as (...args: readonly unknown[]) => Promise<unknown>)(...args), timeoutMs),
  ]);
  return Object.fromEntries(wrapped) as Verbs;
}

async function persist<T>(attempt: () => Promise<T>, timeoutMs: number): Promise<T> {
  const deadlineMs = performance.now() + timeoutMs;
  for (;;) {
    try {
      return await attempt();
    } catch (error) {
      if (!isLocked(error) || performance.now() >= deadlineMs) throw error;
    }
    await sleep(PAUSE_MS);
  }
}

function isLocked(error: unknown): boolean {
  return error instanceof PawlError && String(error.detail['code']).startsWith('SQLITE_BUSY');
}
