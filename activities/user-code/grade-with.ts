/** Scores answers with a user's code: many to a call, and each is blamed for itself only. */
import { PawlError } from '../../domain/words/failures-of-calls.ts';
import { endedIn, itemIn, thrownIn, type Seen } from './blame.ts';
import type { Ending } from './child-process.ts';
import type { Code } from './code.ts';
import { NOTHING } from './frames.ts';
import { Graded, type GradeRequest } from './messages.ts';
import { EndedLoading, type Lent, type Pool } from './pool.ts';

type Item = GradeRequest['items'][number];

/** What the user's function gave, whatever it is, and its kind in words. */
export type GradeItem = (
  item: Item,
  signal: AbortSignal,
) => Promise<{ readonly score: unknown; readonly kind: string }>;

interface Waiting {
  readonly item: Item;
  readonly signal: AbortSignal;
  /** Processes that ended with it. */
  deaths: number;
  settled: boolean;
  resolve(score: { score: unknown; kind: string }): void;
  reject(cause: unknown): void;
}

const MOST_ITEMS = 64;
const MOST_CHARACTERS = 1_000_000;

/** Code that ends its process with this many answers, and this share of them, will do so with the rest: each costs its limit. */
const MOST_FAILURES = 3;
const MOST_FAILED_SHARE = 0.05;

export function gradeWith(pool: Pool, code: Code, onOutput: (text: string) => void): GradeItem {
  const queue: Waiting[] = [];
  /** To be asked without company: one of them ended a process. */
  const suspects: Waiting[] = [];
  let busy = 0;
  let answered = 0;
  let failures = 0;
  let hopeless: PawlError | undefined;

  return async (item, signal) =>
    new Promise((resolve, reject) => {
      signal.throwIfAborted();
      const stop = (): void => {
        waiting.settled = true;
        reject(signal.reason as Error);
      };
      const settle = (): void => {
        waiting.settled = true;
        signal.removeEventListener('abort', stop);
      };
      const waiting: Waiting = {
        item,
        signal,
        deaths: 0,
        settled: false,
        resolve(score) {
          settle();
          resolve(score);
        },
        reject(cause) {
          settle();
          reject(cause);
        },
      };
      signal.addEventListener('abort', stop, { once: true });
      queue.push(waiting);
      // Those that come in the same moment go together.
      setImmediate(pump);
    });

  function pump(): void {
    while (busy < pool.width) {
      const batch = next();
      if (batch.length === 0) return;
      busy += 1;
      void ask(batch).finally(() => {
        busy -= 1;
        pump();
      });
    }
  }

  function next(): readonly Waiting[] {
    const suspect = suspects.shift();
    if (suspect !== undefined) return suspect.settled ? next() : [suspect];
    const batch: Waiting[] = [];
    let characters = 0;
    for (let waiting = queue.shift(); waiting !== undefined; waiting = queue.shift()) {
      if (!waiting.settled) batch.push(waiting);
      characters += waiting.item.output.length + waiting.item.prompt.length + waiting.item.reference.length;
      if (batch.length >= MOST_ITEMS || characters > MOST_CHARACTERS) break;
    }
    return batch;
  }

  async function ask(batch: readonly Waiting[]): Promise<void> {
    if (hopeless !== undefined) {
      for (const waiting of batch) waiting.reject(hopeless);
      return;
    }
    const stop = whenAllAre(batch);
    try {
      const lent = await pool.lend(code, { signal: stop.signal, onOutput });
      const ending = await exchange(lent, batch, stop.signal);
      pool.giveBack(code, lent);
      if (ending !== undefined) blame(ending, { file: lent.file, code }, batch);
    } catch (cause) {
      if (cause instanceof EndedLoading) blame(cause.ending, cause.seen, batch);
      else for (const waiting of batch.filter(({ settled }) => !settled)) waiting.reject(cause);
    } finally {
      stop.done();
    }
  }

  async function exchange(lent: Lent, batch: readonly Waiting[], signal: AbortSignal): Promise<Ending | undefined> {
    const { limitMs, options } = code;
    let left = batch.length;
    let tired = false;
    const ending = await lent.child.exchange({
      frame: { head: { type: 'grade', options, limitMs, items: batch.map(({ item }) => item) }, body: NOTHING },
      limitMs,
      signal,
      onOutput,
      onAnswer({ head }) {
        const graded = Graded.parse(head);
        const waiting = batch[graded.item];
        left -= 1;
        answered += 1;
        if (graded.type === 'score') {
          waiting?.resolve({ score: graded.score, kind: graded.kind });
        } else {
          // What never settles is still there.
          tired ||= graded.error.kind === 'limit';
          waiting?.reject(failed(thrownIn(graded.error, { file: lent.file, code }), graded.error.kind === 'limit'));
        }
        return left === 0;
      },
    });
    if (tired) lent.child.kill();
    return ending;
  }

  /** Whoever it was is told; the others are asked again. A death that nobody asked for may be the machine's: once more. */
  function blame(ending: Ending, seen: Seen, batch: readonly Waiting[]): void {
    const open = batch.filter(({ settled }) => !settled);
    const told = itemIn(ending.report);
    const culprit = open.length === 1 || code.language === 'python' ? open[0] : batch[told ?? -1];
    for (const waiting of open) {
      waiting.deaths += culprit === undefined || culprit === waiting ? 1 : 0;
      if (waiting === culprit && (ending.why !== 'exit' || waiting.deaths > 1)) {
        answered += 1;
        waiting.reject(failed(endedIn(ending, seen), true));
      } else if (culprit === undefined || waiting === culprit) {
        suspects.push(waiting);
      } else {
        queue.push(waiting);
      }
    }
  }

  function failed(message: string, costly: boolean): PawlError {
    const error = new PawlError('InvalidRequest', message);
    failures += costly ? 1 : 0;
    if (failures >= MOST_FAILURES && failures > answered * MOST_FAILED_SHARE) {
      hopeless ??= new PawlError('InvalidRequest', `${message}; it was given up after ${failures} such failures`);
    }
    return error;
  }
}

/** Aborted once nobody of the batch waits any more. */
function whenAllAre(batch: readonly Waiting[]): { readonly signal: AbortSignal; done(): void } {
  const controller = new AbortController();
  const look = (): void => {
    const open = batch.filter(({ settled }) => !settled);
    if (open.every(({ signal }) => signal.aborted)) controller.abort(batch[0]?.signal.reason);
  };
  for (const { signal } of batch) signal.addEventListener('abort', look);
  look();
  return {
    signal: controller.signal,
    done() {
      for (const { signal } of batch) signal.removeEventListener('abort', look);
    },
  };
}
