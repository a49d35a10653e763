/** `node lib/server/main.js`: the HTTP API, until SIGTERM or SIGINT. One JSON line on stdout says where it listens. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { pino } from 'pino';
import { readConfig } from '../client/config.ts';
import { messageOf, UserError } from '../client/errors.ts';
import { locate } from '../client/local/locate.ts';
import { packageRoot } from '../client/local/paths.ts';
import { storeFile } from '../client/runs/run-store.ts';
import { Runs } from '../client/runs/runs.ts';
import { whoAsks } from '../client/who.ts';
import { createApp } from './app.ts';
import { readServerConfig } from './config.ts';
import { ownNames } from './guard.ts';

const LOOPBACK = /^(127(\.\d+){3}|::1|localhost)$/;

async function main(): Promise<void> {
  const config = readConfig();
  const { host, port, name } = readServerConfig(process.argv.slice(2));
  if (!LOOPBACK.test(host)) {
    throw new UserError(
      `${host} can be reached from elsewhere, and whoever reaches it could do everything.`,
      'Listen on 127.0.0.1.',
    );
  }
  const { temporalAddress, temporalNamespace, taskQueue } = await locate(config);
  const runs = new Runs({
    ...(temporalAddress !== undefined && { temporalAddress }),
    temporalNamespace,
    taskQueue,
    storePath: storeFile(config.home),
  });
  const log = pino({ name: 'server' }, pino.destination({ fd: 2, sync: true }));
  const caller = { role: 'admin', owner: whoAsks() } as const;
  const app = await createApp({
    services: { config, runs },
    version: version(),
    log,
    names: ownNames(host, name),
    identify: () => Promise.resolve(caller),
    tokens: false,
  });
  const stop = async (signal: string): Promise<void> => {
    log.info({ signal }, 'stopping');
    await app.close();
    await runs.close();
    process.exit(0);
  };
  process.once('SIGTERM', (signal) => void stop(signal));
  process.once('SIGINT', (signal) => void stop(signal));
  const url = await app.listen({ host, port });
  process.stdout.write(`${JSON.stringify({ url, pid: process.pid })}\n`);
}

function version(): string {
  return (JSON.parse(readFileSync(join(packageRoot(), 'package.json'), 'utf8')) as { version: string }).version;
}

await main().catch((error: unknown) => {
  process.stderr.write(`pawl server: ${messageOf(error)}\n`);
  process.exit(1);
});
