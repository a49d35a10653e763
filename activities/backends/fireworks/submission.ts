/**
 * The order in which one model's requests leave: numbers without gaps; each request after the one before was accepted,
 * except the chunks of forward passes, which may overtake one another because the trainer sorts them by number.
 */
import pLimit from 'p-limit';
import { BackendError } from '../../../domain/words/failures-of-calls.ts';

export interface Submission {
  /** Takes `sends.length` numbers at once and sends them side by side, after every earlier exclusive request. */
  chunks<T>(sends: readonly ((seq: number) => Promise<T>)[]): Promise<T[]>;
  /** Takes one number and sends it after everything before was accepted. */
  exclusive<T>(send: (seq: number) => Promise<T>): Promise<T>;
  /** Resolves once nothing is being sent; numbers taken later are not waited for. */
  settled(): Promise<void>;
  /** Next number to be taken. */
  readonly nextSeq: number;
}

/** Numbers are taken synchronously, in the order of the calls, whether or not these are awaited. */
export function createSubmission(options: { firstSeq: number; parallel: number }): Submission {
  const limit = pLimit(options.parallel);
  let nextSeq = options.firstSeq;
  let barrier: Promise<unknown> = Promise.resolve();
  /** What was sent since the barrier. */
  let open: Promise<unknown>[] = [];
  let broken: BackendError | undefined;

  async function guarded<T>(seq: number, send: (seq: number) => Promise<T>): Promise<T> {
    if (broken !== undefined) throw broken;
    try {
      return await send(seq);
    } catch (error) {
      broken ??= poisoned(seq, error);
      throw error;
    }
  }

  return {
    get nextSeq() {
      return nextSeq;
    },

    async chunks(sends) {
      if (broken !== undefined) throw broken;
      const first = nextSeq;
      nextSeq += sends.length;
      const before = barrier;
      const sent = sends.map((send, index) =>
        limit(async () => {
          await before;
          return guarded(first + index, send);
        }),
      );
      open.push(...sent.map(quietly));
      // All of them are over before the caller hears of a failure: none is left to surprise anybody.
      await Promise.allSettled(sent);
      return Promise.all(sent);
    },

    async exclusive(send) {
      if (broken !== undefined) throw broken;
      const seq = nextSeq++;
      const before = [barrier, ...open];
      const sent = (async () => {
        await Promise.all(before);
        return guarded(seq, send);
      })();
      barrier = quietly(sent);
      open = [];
      return sent;
    },

    async settled() {
      await Promise.all([barrier, ...open]);
    },
  };
}

async function quietly(sending: Promise<unknown>): Promise<void> {
  await sending.catch(() => undefined);
}

/** A number that was taken and not accepted leaves a gap, and whatever follows a gap is never executed. */
function poisoned(seq: number, error: unknown): BackendError {
  const why = error instanceof Error ? error.message : String(error);
  return new BackendError(
    error instanceof BackendError ? error.type : 'LostTrainer',
    `the sequence failed at request ${seq}: unload this model and reconnect. ${why}`,
    { cause: error },
  );
}
