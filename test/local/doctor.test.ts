import { describe, expect, test } from '@jest/globals';
import { mkdtempSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { diagnose } from '../../client/local/doctor.ts';
import { type Check } from '../../client/local/finding.ts';
import { freePort } from '../../client/local/ports.ts';
import { temporaryFolder, testConfig } from './support.ts';

const folder = temporaryFolder();

/** The checks of an environment, by name. */
async function checksOf(changes: Record<string, string>): Promise<Record<string, Check | undefined>> {
  const home = mkdtempSync(join(folder, 'home-'));
  const config = testConfig(home, { FIREWORKS_API_KEY: '', FIREWORKS_BASE_URL: '', ...changes });
  const checks = await diagnose(config);
  return Object.fromEntries(checks.map((check) => [check.name, check]));
}

/** A platform that knows one key. */
async function platform(): Promise<{ url: string; server: Server }> {
  const server = createServer((request, response) => {
    const known = request.headers.authorization === 'Bearer good' && request.url === '/v1/accounts?pageSize=2';
    response.writeHead(known ? 200 : 401).end('{}');
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, server };
}

describe('doctor', () => {
  test('finds nothing wrong where nothing runs yet', async () => {
    const checks = await checksOf({});
    const failed = Object.values(checks).filter((check) => check?.status === 'fail');
    expect(failed).toEqual([]);
    expect(checks['Temporal server']).toMatchObject({ status: 'warn', remedy: 'Start one with: pawl up' });
  });

  test('says that a named Temporal server does not answer', async () => {
    const address = `127.0.0.1:${await freePort()}`;
    const checks = await checksOf({ TEMPORAL_ADDRESS: address });
    expect(checks['Temporal server']).toMatchObject({ status: 'fail', detail: expect.stringContaining(address) });
    expect(checks['worker']).toMatchObject({ status: 'fail' });
  });

  test('says that a named binary cannot be used', async () => {
    const checks = await checksOf({ TEMPORAL_CLI_PATH: '/nowhere/temporal' });
    expect(checks['Temporal binary']).toMatchObject({ status: 'fail', detail: expect.stringContaining('not found') });
  });

  test('says whether the platform takes the key, and never the key', async () => {
    const { url, server } = await platform();
    const good = await checksOf({ FIREWORKS_API_KEY: 'good', FIREWORKS_BASE_URL: url });
    const bad = await checksOf({ FIREWORKS_API_KEY: 'leaked', FIREWORKS_BASE_URL: url });
    await new Promise((resolve) => server.close(resolve));
    expect(good['platform']).toEqual({ name: 'platform', status: 'ok', detail: `${url} accepts the key` });
    expect(bad['platform']).toMatchObject({ status: 'fail', detail: `${url} refuses the key` });
    expect(JSON.stringify(bad)).not.toContain('leaked');
  });

  test('says that the store is no store', async () => {
    const home = mkdtempSync(join(folder, 'home-'));
    writeFileSync(join(home, 'pawl.db'), 'not a database, but long enough to look like the header of one '.repeat(20));
    const checks = await diagnose(testConfig(home));
    expect(checks.find((check) => check.name === 'store')).toMatchObject({ status: 'fail' });
  });
});
