/**
 * A thread beside a user's JavaScript that a loop cannot stop: it looks whether the other one still turns around and how
 * much memory it takes, says where it is when it does not, and ends the process when the worker is gone.
 */
import inspector from 'node:inspector';
import { Socket } from 'node:net';
import { parentPort, workerData } from 'node:worker_threads';
import { CLOCK, ITEM, LIMIT, type Watched } from './watched.ts';

const LOOK_EVERY_MS = 50;
/** How long what is paused may take to say where it is. A process that only waits never pauses. */
const PAUSE_MS = 1_000;

const { shared, startMs, memoryBytes } = workerData as Watched;
const worker = new Socket({ fd: 4, readable: true, writable: true });
const scripts = new Map<string, string>();
let told = false;

worker.on('data', () => tell('asked'));
// A worker that died closes its end: nobody wants an answer any more.
for (const end of ['end', 'close', 'error']) worker.on(end, () => process.kill(process.pid, 'SIGKILL'));

const session = new inspector.Session();
session.connectToMainThread();
session.on('Debugger.scriptParsed', ({ params }) => scripts.set(params.scriptId, params.url));

setInterval(() => {
  const limitMs = Atomics.load(shared, LIMIT);
  if (limitMs > 0 && Date.now() - startMs - Atomics.load(shared, CLOCK) > limitMs) tell('time');
  else if (process.memoryUsage.rss() > memoryBytes) tell('memory');
}, LOOK_EVERY_MS);

parentPort?.postMessage('ready');

function tell(why: 'asked' | 'time' | 'memory'): void {
  if (told) return;
  told = true;
  const waits = setTimeout(() => report(why, []), PAUSE_MS);
  session.on('Debugger.paused', ({ params }) => {
    clearTimeout(waits);
    report(
      why,
      params.callFrames.map(({ functionName, location }) => ({
        name: functionName,
        file: scripts.get(location.scriptId) ?? '',
        line: location.lineNumber + 1,
      })),
    );
  });
  session.post('Debugger.enable');
  session.post('Debugger.pause');
}

function report(why: string, frames: readonly { name: string; file: string; line: number }[]): void {
  const stack = frames.map(({ name, file, line }) => `    at ${name} (${file}:${line})`).join('\n');
  worker.write(`${JSON.stringify({ why, item: Atomics.load(shared, ITEM) - 1, stack })}\n`);
}
