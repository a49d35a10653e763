/** Requests under a key of the caller's own: what is asked again is done once, and answered the same. */
import { createHash, randomBytes } from 'node:crypto';
import { UserError } from '../errors.ts';
import type { RunStore } from '../runs/run-store.ts';

/** What was answered, to the letter. */
export interface Done {
  readonly status: number;
  readonly answer: string;
}

export interface Attempt {
  /** Eight hex digits, the same ones each time: what the ids of whatever is made follow from. */
  readonly hex: string;
  /** It was asked before, and it is not known whether it was done. */
  readonly again: boolean;
}

/** Raised where the key came with something else before. */
export class KeyReusedError extends UserError {
  override readonly name = 'KeyReusedError';
}

export interface Keyed {
  readonly owner: string;
  readonly key: string;
  readonly address: string;
  readonly body: string;
}

/** Who has had no answer for so long does not ask any more. */
const KEPT_DAYS = 7;

export class Requests {
  readonly #store: RunStore;
  readonly #doing = new Map<string, Promise<Done>>();

  constructor(store: RunStore) {
    this.#store = store;
  }

  /**
   * Does it, unless it was done before. What fails is not kept, so that it can be asked again; where the process ends
   * between doing and keeping, it is done again with the same digits, which then makes nothing new.
   */
  async once(request: Keyed, work: (attempt: Attempt) => Promise<Done>): Promise<Done> {
    const writer = await this.#store.writer();
    const body = createHash('sha256').update(request.body).digest('hex');
    const drawn = freshDigits();
    const stored = await writer.beginRequest({ ...request, body, hex: drawn });
    if (stored.address !== request.address || stored.body !== body) {
      throw new KeyReusedError(
        `The key "${request.key}" came with another request before, at ${stored.askedAt}.`,
        'Take a new key for whatever is new.',
      );
    }
    if (stored.done !== undefined) return stored.done;
    const place = JSON.stringify([request.owner, request.key]);
    const doing = this.#doing.get(place) ?? this.#do(request, place, () => work(attemptOf(stored.hex, drawn)));
    this.#doing.set(place, doing);
    return doing;
  }

  async #do({ owner, key }: Keyed, place: string, work: () => Promise<Done>): Promise<Done> {
    try {
      const done = await work();
      const writer = await this.#store.writer();
      await writer.endRequest({ owner, key }, done);
      return done;
    } finally {
      this.#doing.delete(place);
    }
  }

  /** Keys that were used long ago are free again. */
  async forget(): Promise<void> {
    const before = new Date(Date.now() - KEPT_DAYS * 24 * 3_600_000).toISOString();
    await (await this.#store.writer()).forgetRequests(before);
  }
}

function attemptOf(hex: string, drawn: string): Attempt {
  return { hex, again: hex !== drawn };
}

export function freshDigits(): string {
  return randomBytes(4).toString('hex');
}
