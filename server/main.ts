/** `node lib/server/main.js`: the HTTP API, until SIGTERM or SIGINT. One JSON line on stdout says where it listens. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { pino } from 'pino';
import { isValid } from '../client/access/tokens.ts';
import { readConfig } from '../client/config.ts';
import { messageOf, UserError } from '../client/errors.ts';
import { locate } from '../client/local/locate.ts';
import { packageRoot } from '../client/local/paths.ts';
import { storeFile } from '../client/runs/run-store.ts';
import { Runs } from '../client/runs/runs.ts';
import { whoAsks } from '../client/who.ts';
import { createApp } from './app.ts';
import { readServerConfig } from './config.ts';
import { identify, type Access } from './identify.ts';
import { Tail } from './live/tail.ts';
import { ownNames } from './guard.ts';

const LOOPBACK = /^(127(\.\d+){3}|::1|localhost)$/;

async function main(): Promise<void> {
  const config = readConfig();
  const { host, port, name, 'require-token': requireToken } = readServerConfig(process.argv.slice(2));
  const { temporalAddress, temporalNamespace, taskQueue } = await locate(config);
  const runs = new Runs({
    ...(temporalAddress !== undefined && { temporalAddress }),
    temporalNamespace,
    taskQueue,
    storePath: storeFile(config.home),
  });
  const log = pino({ name: 'server' }, pino.destination({ fd: 2, sync: true }));
  const asksForTokens = requireToken || !LOOPBACK.test(host);
  if (asksForTokens) await requireTokens(runs, host);
  await runs.requests.forget();
  const access: Access = {
    tokens: runs.tokens,
    ...(!asksForTokens && { open: { role: 'admin', owner: whoAsks() } }),
  };
  const app = await createApp({
    services: { config, runs, tail: new Tail(() => runs.records.livePlace()) },
    version: version(),
    log,
    names: ownNames(host, name),
    identify: ({ authorization }) => identify(access, authorization),
    tokens: asksForTokens,
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

/** Who is asked for a token that nobody has is asked in vain. */
async function requireTokens({ tokens }: Runs, host: string): Promise<void> {
  if ((await tokens.list()).some((token) => isValid(token, Date.now()))) return;
  throw new UserError(
    `On ${host} everybody needs a token, and there is none.`,
    'Make one first: pawl token add OWNER.',
  );
}

function version(): string {
  return (JSON.parse(readFileSync(join(packageRoot(), 'package.json'), 'utf8')) as { version: string }).version;
}

await main().catch((error: unknown) => {
  process.stderr.write(`pawl server: ${messageOf(error)}\n`);
  process.exit(1);
});
