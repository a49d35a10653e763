/**
 * A program: loads one JavaScript file of a user's and calls it for the worker, over a socket that is neither stdin nor
 * stdout. Beside it a thread watches, over a socket of its own.
 *
 *     node main.js        (fd 3: frames of ../frames.ts; fd 4: what the thread has to say)
 */
import { writeSync } from 'node:fs';
import { Socket } from 'node:net';
import { pathToFileURL } from 'node:url';
import { Worker } from 'node:worker_threads';
import { encodeFrame, frameReader, NOTHING, type Frame } from '../frames.ts';
import type { GradeRequest, LoadRequest, ObjectiveRequest } from '../messages.ts';
import { graderOf, type Grade } from './grade.ts';
import { notLoaded, thrownOf, TooLate } from './thrown.ts';
import { CLOCK, ITEM, LIMIT, PLACES, type Watched } from './watched.ts';

const TURN_MS = 100;
const REPORTS = 4;

const startMs = Date.now();
const shared = new Int32Array(new SharedArrayBuffer(4 * PLACES));
const worker = new Socket({ fd: 3, readable: true, writable: true });

/** Else what a loop prints would pile up in its own memory, and what was printed before a crash would be lost with it. */
for (const stream of [process.stdout, process.stderr]) {
  const { _handle: handle } = stream as { _handle?: { setBlocking?: (blocking: boolean) => void } };
  handle?.setBlocking?.(true);
}

type Work = (frame: Frame) => Promise<void>;
let work: Work | undefined;

worker.on(
  'data',
  frameReader((frame) => void answer(frame)),
);
worker.on('end', () => process.kill(process.pid, 'SIGKILL'));
worker.on('error', () => process.kill(process.pid, 'SIGKILL'));

process.on('uncaughtException', (cause) => {
  const { message, stack } = thrownOf(cause);
  report('uncaught', `${message}\n${stack}`);
  process.exit(1);
});
// Runs within process.exit, so that whoever called it is on the stack.
process.on('exit', () => report('exit', String(new Error('exit').stack)));

async function answer(frame: Frame): Promise<void> {
  const { type, limitMs } = frame.head as { type: string; limitMs: number };
  const turn = (): void => void Atomics.store(shared, CLOCK, Date.now() - startMs);
  const turning = setInterval(turn, TURN_MS);
  try {
    turn();
    if (type === 'load') await load(frame.head as LoadRequest, limitMs);
    else await work?.(frame);
  } finally {
    clearInterval(turning);
    Atomics.store(shared, LIMIT, 0);
  }
}

async function load(request: LoadRequest, limitMs: number): Promise<void> {
  // Only once the thread runs: it cannot begin beside a loop.
  await watch(request.memoryBytes);
  Atomics.store(shared, LIMIT, limitMs);
  try {
    const exported = (await within(limitMs, () => import(pathToFileURL(request.file).href))) as object;
    if (request.role === 'grader') {
      const grade = graderOf(exported, request.function);
      work = ({ head }) => gradeAll(grade, head as GradeRequest);
      send({ type: 'loaded' });
    } else {
      // Loaded when it is needed: graders differentiate nothing.
      const { objectiveOf } = await import('./objective.ts');
      const { evaluate, ownGradient } = objectiveOf(exported, request);
      work = async (frame) => {
        Atomics.store(shared, LIMIT, (frame.head as ObjectiveRequest).limitMs);
        try {
          const { head, body } = await evaluate(frame);
          send(head, body);
        } catch (cause) {
          send({ type: 'failed', error: thrownOf(cause) });
        }
      };
      send({ type: 'loaded', ownGradient });
    }
  } catch (cause) {
    send({ type: 'failed', error: notLoaded(cause, request.file) });
  }
}

/** All at once, each with its own time: a grader may wait for something. */
async function gradeAll(grade: Grade, { items, options, limitMs }: GradeRequest): Promise<void> {
  Atomics.store(shared, LIMIT, limitMs);
  const answers: Promise<void>[] = [];
  for (const [item, given] of items.entries()) {
    Atomics.store(shared, CLOCK, Date.now() - startMs);
    Atomics.store(shared, ITEM, item + 1);
    answers.push(
      within(limitMs, () => grade(given, options)).then(
        (score) => send({ type: 'score', item, score: score ?? null, kind: typeof score }),
        (cause: unknown) => send({ type: 'failed', item, error: thrownOf(cause) }),
      ),
    );
    Atomics.store(shared, ITEM, 0);
    // What was found is said before the next one is begun, which may be the last.
    await new Promise((resolve) => setImmediate(resolve));
  }
  await Promise.all(answers);
}

async function within<T>(limitMs: number, ask: () => Promise<T>): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new TooLate(limitMs)), limitMs);
  });
  try {
    return await Promise.race([ask(), late]);
  } finally {
    clearTimeout(timer);
  }
}

function send(head: object, body: Uint8Array = NOTHING): void {
  worker.write(encodeFrame({ head, body }));
}

function report(why: string, stack: string): void {
  try {
    writeSync(REPORTS, `${JSON.stringify({ why, stack })}\n`);
  } catch {
    // Nobody listens any more.
  }
}

async function watch(memoryBytes: number): Promise<void> {
  const workerData: Watched = { shared, startMs, memoryBytes };
  const thread = new Worker(new URL('./monitor.js', import.meta.url), { workerData });
  await new Promise<void>((resolve, reject) => {
    thread.once('message', () => resolve());
    thread.once('error', reject);
  });
  thread.unref();
}
