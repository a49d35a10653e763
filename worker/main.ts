/**
 * `node lib/worker/main.js`: one worker process, until SIGTERM or SIGINT. One JSON line on stdout says it polls. One that
 * cannot work ends with a line that says why, and with 1: whoever keeps it starts another.
 */
import { createWorker } from './worker.ts';
import { BadEnvironment, readConfig } from './config.ts';
import { end, live } from './lifetime.ts';
import { openLogger } from './logger.ts';

async function main(): Promise<never> {
  const config = readConfig();
  const worker = await createWorker(config, openLogger(config.logLevel));
  const { taskQueue, storeId, place } = worker.station;
  const ready = { ready: true, pid: process.pid, taskQueue, storeId, ...place };
  return live(worker, { onReady: () => process.stdout.write(`${JSON.stringify(ready)}\n`) });
}

main().catch((error: unknown) => {
  const message = error instanceof Error ? error.message : String(error);
  end(`${error instanceof BadEnvironment ? 'bad environment: ' : ''}${message}`);
});
