/** `node lib/worker/main.js`: one worker process, until SIGTERM or SIGINT. One JSON line on stdout says it polls. */
import { pino } from 'pino';
import { createWorker } from './worker.ts';
import { BadEnvironment, readConfig } from './config.ts';

async function main(): Promise<void> {
  const config = readConfig();
  const logger = pino(
    { level: config.logLevel, base: { pid: process.pid } },
    pino.destination({ dest: 2, sync: true }),
  );
  const worker = await createWorker(config, logger);
  for (const name of ['SIGTERM', 'SIGINT'] as const) process.once(name, () => worker.shutdown());
  const finished = worker.run();
  process.stdout.write(`${JSON.stringify({ ready: true, pid: process.pid, taskQueue: config.taskQueue })}\n`);
  await finished;
}

main().catch((error: unknown) => {
  const message = error instanceof Error ? error.message : String(error);
  const prefix = error instanceof BadEnvironment ? 'bad environment: ' : '';
  process.stderr.write(`pawl worker: ${prefix}${message}\n`);
  process.exitCode = 1;
});
