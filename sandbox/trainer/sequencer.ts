/** Order of one model's requests: numbered from 1 without gaps, held until their turn or given up, taken once. */
import { createHash } from 'node:crypto';
import { CallError } from '../child.ts';
import { ApiError, invalid } from '../errors.ts';

/** How far ahead of its turn a request may arrive. */
const MAX_AHEAD = 4096;

interface Admitted {
  readonly digest: string;
  readonly requestId: string;
}

interface SequencerOptions {
  /** Otherwise numbers mean nothing, and every request is taken, in the order of arrival. */
  readonly policed: boolean;
  /** How long a request is held for a number before its own that does not arrive. */
  readonly gapMs: number;
}

export class Sequencer {
  readonly #admitted = new Map<number, Admitted>();
  readonly #held = new Map<number, () => void>();
  readonly #options: SequencerOptions;
  #next = 1;

  constructor(options: SequencerOptions) {
    this.#options = options;
  }

  /** The highest number whose turn has come. */
  get last(): number {
    return this.#next - 1;
  }

  /**
   * Admits a request under its number, or returns the request id it was admitted under before. `start` is given a
   * promise of its turn, and the request id is what it returns.
   */
  admit(seq: number, body: unknown, start: (turn: Promise<void>) => string): string {
    if (!this.#options.policed) return start(Promise.resolve());
    const digest = digestOf(body);
    const known = this.#admitted.get(seq);
    if (known !== undefined) {
      if (known.digest === digest) return known.requestId;
      throw new ApiError('ALREADY_EXISTS', 'sequence number was reused with a different request payload');
    }
    if (seq >= this.#next + MAX_AHEAD) {
      throw invalid(`seq_id ${seq} is too far ahead: the next one is ${this.#next}`);
    }
    let giveUp: (error: CallError) => void = () => undefined;
    const turn = new Promise<void>((resolve, reject) => {
      this.#held.set(seq, resolve);
      giveUp = reject;
    });
    const requestId = start(turn);
    this.#admitted.set(seq, { digest, requestId });
    this.#release();
    if (this.missingBefore(seq) !== undefined) this.#giveUpLater(seq, giveUp);
    return requestId;
  }

  /** The number that a held request waits for, because it has not arrived; undefined when its turn has come. */
  missingBefore(seq: number): number | undefined {
    return this.#options.policed && seq > this.last ? this.#next : undefined;
  }

  /** A number that is given up is used up: when the missing one arrives after all, what follows goes on behind both. */
  #giveUpLater(seq: number, reject: (error: CallError) => void): void {
    const { gapMs } = this.#options;
    const missing = this.#next;
    setTimeout(() => {
      const now = this.missingBefore(seq);
      if (now === undefined) return;
      if (now !== missing) {
        this.#giveUpLater(seq, reject);
        return;
      }
      const why = `request ${missing} of its model, which comes before it, did not arrive within ${gapMs / 1000} s`;
      reject(new CallError({ message: `request ${seq} was given up: ${why}`, category: 'server' }));
    }, gapMs).unref();
  }

  #release(): void {
    for (let resolve = this.#held.get(this.#next); resolve !== undefined; resolve = this.#held.get(this.#next)) {
      this.#held.delete(this.#next);
      this.#next += 1;
      resolve();
    }
  }
}

/** Equal for bodies that say the same, whatever the order of their keys. */
export function digestOf(body: unknown): string {
  try {
    return createHash('sha256').update(canonical(body)).digest('hex');
  } catch (error) {
    if (error instanceof RangeError) throw invalid('the request is nested too deeply');
    throw error;
  }
}

function canonical(body: unknown): string {
  return JSON.stringify(body, (_key, value: unknown) => {
    if (typeof value !== 'object' || value === null || Array.isArray(value)) return value;
    return Object.fromEntries(Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1)));
  });
}
