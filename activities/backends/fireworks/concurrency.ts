/** Lets as many requests through as a limit allows that may change while they wait. */
import { setMaxListeners } from 'node:events';
import { performance } from 'node:perf_hooks';
import { Aimd, type AimdOptions } from './aimd.ts';

/** `fixed`: so many at once. `adaptive`: as many as the deployment keeps up with. */
export type ConcurrencyOptions =
  { readonly mode: 'fixed'; readonly limit: number } | ({ readonly mode: 'adaptive' } & AimdOptions);

/** What a request reports while it holds its slot. */
export interface Slot {
  succeeded(queueSeconds?: number): void;
  turnedAway(attempt: number): void;
}

export interface Concurrency {
  /** Runs `work` in a slot of its own, which is given back exactly once, however `work` ends. First come, first served. */
  run<T>(work: (slot: Slot) => Promise<T>, signal: AbortSignal): Promise<T>;
  readonly limit: number;
}

export function createConcurrency(options: ConcurrencyOptions): Concurrency {
  const aimd =
    options.mode === 'fixed'
      ? new Aimd({ initial: options.limit, min: options.limit, max: options.limit })
      : new Aimd(options);
  const waiting = new Set<() => void>();
  let taken = 0;

  const slot: Slot = {
    succeeded: (queueSeconds) => aimd.completed(queueSeconds),
    turnedAway: (attempt) => aimd.congestion(attempt, performance.now()),
  };

  function wake(): void {
    for (const start of waiting) {
      if (taken >= aimd.limit) return;
      waiting.delete(start);
      taken += 1;
      start();
    }
  }

  async function acquire(signal: AbortSignal): Promise<void> {
    signal.throwIfAborted();
    // As many listen as wait, which is no leak.
    setMaxListeners(0, signal);
    await new Promise<void>((resolve, reject) => {
      const start = (): void => {
        signal.removeEventListener('abort', leave);
        resolve();
      };
      const leave = (): void => {
        waiting.delete(start);
        reject(signal.reason as Error);
      };
      signal.addEventListener('abort', leave, { once: true });
      waiting.add(start);
      wake();
    });
  }

  return {
    get limit() {
      return aimd.limit;
    },
    async run(work, signal) {
      await acquire(signal);
      try {
        return await work(slot);
      } finally {
        taken -= 1;
        wake();
      }
    },
  };
}
