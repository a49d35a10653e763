/** What a worker needs before it can poll is waited for, with a limit: one that cannot work must end, and say why. */
import { setTimeout as sleep } from 'node:timers/promises';
import type { Logger } from 'pino';
import { PawlError } from '../domain/words/failures-of-calls.ts';

const PAUSE_MS = 1_000;

/** A worker that ended before it polled: the message names what it waited for, and the way out. */
class CannotStart extends Error {
  override readonly name = 'CannotStart';
}

export class Patience {
  readonly #limitMs: number;
  readonly #deadlineMs: number;
  readonly #logger: Logger;

  constructor(limitMs: number, logger: Logger) {
    this.#limitMs = limitMs;
    this.#deadlineMs = performance.now() + limitMs;
    this.#logger = logger;
  }

  /** Tries until it works, cannot work, or everybody's time together is up. */
  async until<T>(need: { readonly what: string; readonly remedy: string }, work: () => Promise<T>): Promise<T> {
    for (let told = false; ; told = true) {
      try {
        return await this.#inTime(work());
      } catch (error) {
        const reason = reasonOf(error);
        if (isFinal(error)) throw new CannotStart(`${need.what}: ${reason}`, { cause: error });
        if (performance.now() + PAUSE_MS > this.#deadlineMs) {
          const seconds = Math.round(this.#limitMs / 1000);
          throw new CannotStart(`${need.what} for ${seconds} s: ${reason}. ${need.remedy}`, { cause: error });
        }
        if (!told) this.#logger.warn(`${need.what}: ${reason}; tried again`);
      }
      await sleep(PAUSE_MS);
    }
  }

  async #inTime<T>(work: Promise<T>): Promise<T> {
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<never>((_resolve, reject) => {
      const leftMs = Math.max(0, this.#deadlineMs - performance.now());
      timer = setTimeout(() => reject(new Error('no answer')), leftMs);
    });
    try {
      return await Promise.race([work, late]);
    } finally {
      clearTimeout(timer);
      work.catch(() => undefined);
    }
  }
}

/** A refused key or a wrong address does not mend itself. */
function isFinal(error: unknown): boolean {
  return error instanceof PawlError && error.type !== 'Unavailable';
}

/** Of a native error only what it is about: its layers repeat each other. */
function reasonOf(error: unknown): string {
  const text = error instanceof Error ? error.message : String(error);
  return text.split('\n')[0]?.slice(0, 300) ?? '';
}
