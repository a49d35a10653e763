/**
 * `node lib/worker/main.js`: one worker process, until SIGTERM or SIGINT. One JSON line on stdout says it polls. One that
 * cannot work ends with a line that says why, and with 1: whoever keeps it starts another.
 */
import { createWorker } from './worker.ts';
import { BadEnvironment, readConfig } from './config.ts';
import { openLogger } from './logger.ts';

/** More than the worker's own time for draining, less than what is given before SIGKILL. */
const DRAIN_LIMIT_MS = 25_000;

async function main(): Promise<void> {
  const config = readConfig();
  const worker = await createWorker(config, openLogger(config.logLevel));
  for (const name of ['SIGTERM', 'SIGINT'] as const) {
    process.once(name, () => {
      worker.shutdown();
      // An activity that hears of nothing would keep the process for ever, and nobody would take its place.
      setTimeout(() => end('an activity did not end in time; another worker goes on with it'), DRAIN_LIMIT_MS);
    });
  }
  const finished = worker.run();
  const { taskQueue, storeId, place } = worker.station;
  process.stdout.write(`${JSON.stringify({ ready: true, pid: process.pid, taskQueue, storeId, ...place })}\n`);
  await finished;
}

/** Not by running out of things to do: a connection or a thread that lingers is one. */
function end(problem?: string): never {
  if (problem !== undefined) process.stderr.write(`pawl worker: ${problem}\n`);
  process.exit(problem === undefined ? 0 : 1);
}

main().then(
  () => end(),
  (error: unknown) => {
    const message = error instanceof Error ? error.message : String(error);
    end(`${error instanceof BadEnvironment ? 'bad environment: ' : ''}${message}`);
  },
);
