/** Order of one model's requests: numbered from 1 without gaps, held until their turn, taken once. */
import { createHash } from 'node:crypto';
import { ApiError, invalid } from '../errors.ts';

/** How far ahead of its turn a request may arrive. */
const MAX_AHEAD = 4096;

interface Admitted {
  readonly digest: string;
  readonly requestId: string;
}

export class Sequencer {
  readonly #admitted = new Map<number, Admitted>();
  readonly #held = new Map<number, () => void>();
  readonly #policed: boolean;
  #next = 1;

  /** Not policed: numbers mean nothing, and every request is taken, in the order of arrival. */
  constructor(policed = true) {
    this.#policed = policed;
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
    if (!this.#policed) return start(Promise.resolve());
    const digest = digestOf(body);
    const known = this.#admitted.get(seq);
    if (known !== undefined) {
      if (known.digest === digest) return known.requestId;
      throw new ApiError('ALREADY_EXISTS', 'sequence number was reused with a different request payload');
    }
    if (seq >= this.#next + MAX_AHEAD) {
      throw invalid(`seq_id ${seq} is too far ahead: the next one is ${this.#next}`);
    }
    const turn = new Promise<void>((resolve) => this.#held.set(seq, resolve));
    const requestId = start(turn);
    this.#admitted.set(seq, { digest, requestId });
    this.#release();
    return requestId;
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
