/**
 * The pool behind `Compute`, on piscina: two lanes of threads, so that an answer that takes a millisecond to grade does
 * not wait behind a comparison that takes a second. On Linux threads yield to the main one when the machine is short of cores.
 */
import { setMaxListeners } from 'node:events';
import { availableParallelism } from 'node:os';
import { fileURLToPath } from 'node:url';
import { types } from 'node:util';
import { MessageChannel, receiveMessageOnPort } from 'node:worker_threads';
import { Piscina } from 'piscina';
import { TaskEnded, type Compute, type RunOptions } from './compute.ts';
import { received, type Envelope, type Order, type Report } from './envelope.ts';
import type { Tasks } from './tasks.ts';

/** Long tasks come in pieces of seconds; what is expected to take less than a tenth is quick. */
type Lane = 'quick' | 'long';

const LANES: Record<keyof Tasks, Lane> = {
  'statistics.pairedDifference': 'long',
  'statistics.standing': 'long',
  'data.tokenizer': 'long',
  'data.unpack': 'long',
  'data.digest': 'long',
  'data.tokenizeRange': 'long',
  'data.findOverlap': 'long',
  'data.importPrompts': 'long',
  'data.otherRendering': 'long',
  'data.references': 'long',
  'data.shownExamples': 'long',
  'grading.score': 'quick',
  'grading.firstRefused': 'long',
  'grading.unreachable': 'long',
};

const DEFAULT_TIMEOUT_MS = 10 * 60_000;
/** Of a thread's objects; memory of typed arrays and buffers does not count. */
const MAX_HEAP_MB = 2_048;
/** Of each thread, for what soon is garbage: as many as V8 takes by itself (48) make planning no quicker. */
const YOUNG_MB = 8;
/** An idle thread gives its memory back; the last one of a lane stays, since starting one takes a third of a second. */
const IDLE_MS = 30_000;
const NICE: Record<Lane, number> = { quick: 2, long: 5 };

export interface PoolOptions {
  /** `thread.js`; in tests, a file that loads `thread.ts`. */
  readonly thread: URL;
  /** Threads of the long lane. Default: as many as there are cores. */
  readonly threads?: number;
  /** Heap of each thread. */
  readonly maxHeapMb?: number;
  /** For the threads: what a test brings. */
  readonly workerData?: unknown;
  /** A thread failed that nobody waited for. */
  readonly onError?: (error: Error) => void;
}

/** The compiled `thread.js` beside this file. */
export function compiledThread(): URL {
  return new URL('./thread.js', import.meta.url);
}

export function openPool(options: PoolOptions): Compute {
  return poolOf<Tasks>(options, LANES);
}

/** A pool for a table of tasks, which its thread must serve. */
export function poolOf<Table extends Readonly<Record<string, (input: never, context: never) => unknown>>>(
  options: PoolOptions,
  laneOf: Readonly<Record<keyof Table, Lane>>,
): Compute<Table> {
  const { thread, threads = availableParallelism(), maxHeapMb = MAX_HEAP_MB, workerData, onError } = options;
  const open = (lane: Lane, maxThreads: number): Piscina => {
    const pool = new Piscina({
      filename: fileURLToPath(thread),
      name: 'runTask',
      // At least one: piscina starts another in the place of one that was ended only to have this many.
      minThreads: 1,
      maxThreads,
      idleTimeout: IDLE_MS,
      stricterFIFO: true,
      // A thread that waits for work in `Atomics.wait` would hear of nothing else.
      atomics: 'disabled',
      recordTiming: false,
      niceIncrement: NICE[lane],
      resourceLimits: { maxOldGenerationSizeMb: maxHeapMb, maxYoungGenerationSizeMb: YOUNG_MB },
      env: {},
      workerData,
    });
    pool.on('error', (error: Error) => onError?.(error));
    return pool;
  };
  const lanes = { quick: open('quick', Math.max(1, Math.ceil(threads / 2))), long: open('long', threads) };
  const running = new Set<AbortController>();
  const shutDown = new TaskEnded('died', 'the worker shuts down');
  let closed = false;

  async function tracked<Output>(pool: Piscina, asked: Asked, runOptions: RunOptions): Promise<Output> {
    // One controller that is held here, and a timer of its own: a composed signal may be collected before it fires.
    const ended = new AbortController();
    running.add(ended);
    if (closed) ended.abort(shutDown);
    try {
      return (await runIn(pool, asked, ended, runOptions)) as Output;
    } finally {
      running.delete(ended);
    }
  }

  return {
    parallelism: threads,
    run: (task, input, runOptions = {}) => tracked(lanes[laneOf[task]], { task, input }, runOptions),
    async close() {
      closed = true;
      for (const ended of running) ended.abort(shutDown);
      await Promise.all([lanes.quick.destroy(), lanes.long.destroy()]);
    },
  };
}

interface Asked {
  readonly task: string;
  readonly input: unknown;
}

async function runIn(
  pool: Piscina,
  { task, input }: Asked,
  ended: AbortController,
  options: RunOptions,
): Promise<unknown> {
  const { signal, timeoutMs = DEFAULT_TIMEOUT_MS, what = task } = options;
  const cancel = (): void => ended.abort(signal?.reason);
  if (signal !== undefined) {
    // A hundred answers are graded under one signal.
    setMaxListeners(0, signal);
    signal.addEventListener('abort', cancel, { once: true });
    if (signal.aborted) cancel();
  }
  const { port1: ours, port2: theirs } = new MessageChannel();
  let timer: NodeJS.Timeout | undefined;
  const hear = (report: Report): void => {
    if (report.kind === 'progress') options.onProgress?.(report.value as never);
    else timer ??= setTimeout(() => ended.abort(tookTooLong(what, timeoutMs)), timeoutMs);
  };
  ours.on('message', hear);
  try {
    const order = { task, input, port: theirs } satisfies Omit<Order, 'port'> & { port: unknown };
    const answer = (await pool.run(order, { signal: ended.signal, transferList: [theirs] })) as Envelope;
    // The answer takes another way, and may be here first.
    for (let left = receiveMessageOnPort(ours); left !== undefined; left = receiveMessageOnPort(ours)) {
      hear(left.message as Report);
    }
    if (answer.kind === 'failed') throw received(answer.error);
    return answer.value;
  } catch (error) {
    throw reasonOf(error, ended.signal, what);
  } finally {
    clearTimeout(timer);
    ours.close();
    signal?.removeEventListener('abort', cancel);
  }
}

function tookTooLong(what: string, timeoutMs: number): TaskEnded {
  return new TaskEnded('timeout', `${what}: took longer than ${timeoutMs / 1000} s, and was ended`);
}

function reasonOf(error: unknown, ended: AbortSignal, what: string): unknown {
  if (ended.aborted) return ended.reason;
  if (!types.isNativeError(error)) return error;
  if ('code' in error && error.code === 'ERR_WORKER_OUT_OF_MEMORY') {
    return new TaskEnded('memory', `${what}: needed more memory than a thread may have, and was ended`, {
      cause: error,
    });
  }
  if (error.message.startsWith('worker exited with code')) {
    return new TaskEnded('died', `${what}: its thread ended (${error.message})`, { cause: error });
  }
  return error;
}
