import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { Client, Connection } from '@temporalio/client';
import { createServer } from 'node:net';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { isAlive } from '../../client/local/alive.ts';
import { resolveTemporalBinary } from '../../client/local/temporal-binary.ts';
import { isTemporalReachable } from '../../client/local/temporal-ready.ts';
import { startTemporal, type TemporalOptions, type TemporalServer } from '../../client/local/temporal-server.ts';
import { runModule, temporaryFolder, testConfig, until } from './support.ts';

const folder = temporaryFolder();
const config = testConfig(folder);
let binary = '';

beforeAll(async () => {
  const found = await resolveTemporalBinary({ cache: config.cache, env: config.inherited });
  binary = found.path;
});

async function temporalOptions(name: string): Promise<TemporalOptions> {
  return {
    binary,
    dbFile: join(folder, name, 'temporal.db'),
    logFile: join(folder, name, 'temporal.log'),
    namespace: 'default',
    env: config.inherited,
    port: 'any',
    uiPort: 'any',
  };
}

describe('an embedded Temporal server', () => {
  let server: TemporalServer;

  beforeAll(async () => {
    server = await startTemporal(await temporalOptions('first'));
  });
  afterAll(() => server.stop());

  test('answers for its namespace, and its web UI answers', async () => {
    expect(await isTemporalReachable(server.address, 'default')).toBe(true);
    const ui = await fetch(server.uiUrl);
    expect(ui.status).toBe(200);
  });

  test('is not taken for one that knows another namespace', async () => {
    expect(await isTemporalReachable(server.address, 'nowhere')).toBe(false);
  });

  test('comes back at the same address, with its workflows, after it was killed', async () => {
    const connection = await Connection.connect({ address: server.address });
    const client = new Client({ connection });
    try {
      await client.workflow.start('anything', { workflowId: 'kept', taskQueue: 'nobody' });
      const killed = server.pid();
      process.kill(killed ?? 0, 'SIGKILL');
      await until(() => server.pid() !== undefined && server.pid() !== killed);
      const { status } = await client.workflow.getHandle('kept').describe();
      expect(status.name).toBe('RUNNING');
    } finally {
      await connection.close();
    }
  });

  test('does not take a port that is in use, and says what to do', async () => {
    const other = createServer().listen(0, '127.0.0.1');
    await new Promise((resolve) => other.once('listening', resolve));
    const { port } = other.address() as AddressInfo;
    const options = await temporalOptions('second');
    await expect(startTemporal({ ...options, port })).rejects.toThrow(
      `Port ${port}, wanted for Temporal, is in use. Stop what uses it, or choose another with --temporal-port.`,
    );
    await new Promise((resolve) => other.close(resolve));
  });
});

test('nothing is left of it when pawl is killed', async () => {
  const options = await temporalOptions('third');
  const parent = await runModule(`
    import { startTemporal } from './lib/client/local/temporal-server.js';
    const server = await startTemporal(${JSON.stringify(options)});
    console.log(String(server.pid()));`);
  const pid = Number(parent.line);
  expect(isAlive(pid)).toBe(true);
  parent.process.kill('SIGKILL');
  await until(() => !isAlive(pid));
});
