/** Promises of a trainer: results are kept for as long as there is room, and can be waited for. */
import { randomBytes } from 'node:crypto';
import { CallError } from '../child.ts';
import { ApiError, notFound } from '../errors.ts';

/** Finished results kept for callers that ask again; the oldest go first. */
const ROOM_BYTES = 64 * 1024 * 1024;

/** Answers from this size on are announced before they are sent, to those who asked for that. */
const LARGE_BYTES = 64 * 1024;

interface Future {
  readonly settled: Promise<void>;
  /** What it waits for before it can begin, if for anything. */
  readonly waiting: () => string | undefined;
  /** Serialized answer, once there is one. */
  body?: string;
}

export class Futures {
  /** Part of every request id, so that a promise of an earlier process is known to be gone. */
  readonly #epoch = randomBytes(4).toString('hex');
  readonly #futures = new Map<string, Future>();
  readonly #holdMs: number;
  #issued = 0;
  #keptBytes = 0;

  readonly #roomBytes: number;

  /** `holdMs`: how long a poll is held before the caller is told to ask again. */
  constructor(holdMs: number, roomBytes: number = ROOM_BYTES) {
    this.#holdMs = holdMs;
    this.#roomBytes = roomBytes;
  }

  /** A new request id whose answer is what `result` comes to: failures are answers, too. */
  add(result: Promise<object>, waiting: Future['waiting'] = () => undefined): string {
    const id = `req-${this.#epoch}-${++this.#issued}`;
    const settled = result.then(
      (value) => this.#settle(id, JSON.stringify(value)),
      (error: unknown) => this.#settle(id, JSON.stringify(failureBody(error))),
    );
    this.#futures.set(id, { settled, waiting });
    return id;
  }

  /** The serialized answer (or its size), or the invitation to ask again if it takes longer than the hold. */
  async retrieve(id: string, metadataOnly = false): Promise<string> {
    const future = this.#futures.get(id);
    if (future === undefined) throw this.#missing(id);
    if (future.body === undefined) await raceTimeout(future.settled, this.#holdMs);
    const size = future.body === undefined ? 0 : Buffer.byteLength(future.body);
    if (metadataOnly && size >= LARGE_BYTES) {
      return JSON.stringify({ status: 'complete_metadata', response_payload_size: size });
    }
    return (
      future.body ??
      JSON.stringify({
        type: 'try_again',
        request_id: id,
        queue_state: 'active',
        queue_state_reason: future.waiting() ?? 'the request is queued or being computed',
      })
    );
  }

  #settle(id: string, body: string): void {
    const future = this.#futures.get(id);
    if (future === undefined) return;
    future.body = body;
    this.#keptBytes += body.length;
    for (const [oldest, { body: old }] of this.#futures) {
      if (this.#keptBytes <= this.#roomBytes) break;
      if (old === undefined || oldest === id) continue;
      this.#futures.delete(oldest);
      this.#keptBytes -= old.length;
    }
  }

  #missing(id: string): ApiError {
    const [, epoch, number] = /^req-([0-9a-f]{8})-(\d+)$/.exec(id) ?? [];
    if (epoch === undefined) return notFound(`request "${id.slice(0, 100)}"`);
    const issuedHere = epoch === this.#epoch && Number(number) <= this.#issued;
    const why = issuedHere ? 'its result was dropped to make room' : 'it belongs to an earlier trainer process';
    return new ApiError('NOT_FOUND', `the promise of request "${id}" is gone: ${why}`, 410);
  }
}

function failureBody(error: unknown): object {
  const category = error instanceof CallError ? error.category : 'server';
  const message = error instanceof Error ? error.message : String(error);
  return { error: message, category, error_class: category === 'user' ? 'RequestFailedError' : 'TrainerError' };
}

async function raceTimeout(promise: Promise<void>, milliseconds: number): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  const timeout = new Promise<void>((resolve) => {
    timer = setTimeout(resolve, milliseconds);
  });
  await Promise.race([promise, timeout]);
  clearTimeout(timer);
}
