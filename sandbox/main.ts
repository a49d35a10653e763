/** Starts the sandbox: `node lib/sandbox/main.js`. */
import { createServer } from 'node:net';
import { pino } from 'pino';
import { createApp } from './app.ts';
import { HELP, readConfig, type Config } from './config.ts';
import { lockState } from './state-lock.ts';

function fail(message: string): never {
  process.stderr.write(`sandbox: ${message}\n`);
  process.exit(1);
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

function configOrExit(): Config {
  try {
    const config = readConfig(process.argv.slice(2));
    if (config !== 'help') return config;
  } catch (error) {
    fail(`${messageOf(error)}. Run with --help to see every option.`);
  }
  process.stdout.write(HELP);
  return process.exit(0);
}

/** Before anything is read or started: whoever cannot listen must not touch the state. */
async function tryPort({ host, port }: Config): Promise<void> {
  const probe = createServer();
  await new Promise<void>((resolve, reject) => {
    probe.once('error', reject);
    probe.listen(port, host, () => probe.close(() => resolve()));
  });
}

function listenProblem(error: unknown, { host, port }: Config): string {
  return (error as NodeJS.ErrnoException).code === 'EADDRINUSE'
    ? `port ${port} is in use: stop what listens there, or choose another with --port (0 takes a free one)`
    : `cannot listen on ${host}:${port}: ${messageOf(error)}`;
}

async function run(config: Config): Promise<void> {
  await tryPort(config).catch((error: unknown) => fail(listenProblem(error, config)));
  const unlock = lockState(config.state);
  const log = pino({ level: config['log-level'], name: 'sandbox' }, pino.destination({ fd: 2, sync: true }));
  const app = createApp(config, log);

  let stopping = false;
  const stop = async (reason: string, code: number): Promise<void> => {
    if (stopping) return;
    stopping = true;
    log.info({ reason }, 'stopping');
    await app.close();
    unlock();
    process.exit(code);
  };
  process.on('SIGTERM', () => void stop('SIGTERM', 0));
  process.on('SIGINT', () => void stop('SIGINT', 0));
  if (config['exit-with-parent']) {
    process.stdin.resume();
    process.stdin.on('close', () => void stop('the parent has gone', 0));
  }
  try {
    const url = await app.listen({ host: config.host, port: config.port });
    process.stdout.write(`${JSON.stringify({ url, pid: process.pid })}\n`);
  } catch (error) {
    process.stderr.write(`sandbox: ${listenProblem(error, config)}\n`);
    await stop('not listening', 1);
  }
}

const config = configOrExit();
await run(config).catch((error: unknown) => fail(messageOf(error)));
