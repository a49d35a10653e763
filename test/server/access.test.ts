/** Who may do what: every operation of the document, without a token, with ones that hold no more, and with weak ones. */
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { join } from 'node:path';
import { ROLES, type Role } from '../../domain/words/access.ts';
import { RunStore } from '../../client/runs/run-store.ts';
import { Tokens } from '../../client/access/tokens.ts';
import { openStore } from '../../store/index.ts';
import { runCommand } from '../../client/local/run-command.ts';
import { packageRoot } from '../../client/local/paths.ts';
import { temporaryFolder } from '../local/support.ts';
import { newRun } from '../store/fixtures.ts';
import { openApi, type Api } from './api.ts';
import { startServer } from './server-process.ts';

const home = temporaryFolder();
const empty = temporaryFolder();
const path = join(home, 'pawl.db');
const held = new Map<Role, string>();
const NO_MORE: Record<string, string> = {};

let api: Api;
let store: RunStore;

beforeAll(async () => {
  store = new RunStore(path);
  const tokens = new Tokens(store);
  for (const role of ROLES) held.set(role, (await tokens.add({ role, owner: `${role}-ada`, by: 'test' })).token);
  const past = new Date(Date.now() - 1_000).toISOString();
  const expired = await tokens.add({ role: 'admin', owner: 'ada', by: 'test', expiresAt: past });
  const revoked = await tokens.add({ role: 'admin', owner: 'ada', by: 'test' });
  await tokens.revoke(revoked.id);
  Object.assign(NO_MORE, {
    none: '',
    'of another kind': `Basic ${Buffer.from('ada:secret').toString('base64')}`,
    wrong: `Bearer pawl_${'A'.repeat(43)}`,
    empty: 'Bearer ',
    expired: `Bearer ${expired.token}`,
    revoked: `Bearer ${revoked.token}`,
  });
  const writer = await openStore({ path });
  await writer.saveRun(newRun('speller-00000001'));
  await writer.close();
  api = await openApi(home, { tokens: true });
}, 120_000);

afterAll(async () => {
  await api?.close();
  await store?.close();
});

interface Operation {
  readonly method: string;
  readonly path: string;
  readonly role: Role;
}

function operations(): Operation[] {
  return Object.entries(api.document.paths).flatMap(([template, methods]) =>
    Object.entries(methods).map(([method, operation]) => ({
      method: method.toUpperCase(),
      path: template.replace('{run}', 'speller-00000001').replaceAll(/\{\w+\}/g, 'nothing'),
      role: operation['x-role'] as Role,
    })),
  );
}

/** Not the body: one of them goes on for as long as it is listened to. */
async function statusOf({ method, path: address }: Operation, authorization: string): Promise<number> {
  const gone = new AbortController();
  const headers = authorization === '' ? {} : { authorization };
  const response = await fetch(`${api.url}${address}`, { method, headers, signal: gone.signal });
  gone.abort();
  return response.status;
}

test('whoever shows no token that holds is told so, at every address', async () => {
  const all = operations();
  expect(all.length).toBeGreaterThan(30);
  for (const [what, authorization] of Object.entries(NO_MORE)) {
    for (const operation of all) {
      expect({ what, ...operation, status: await statusOf(operation, authorization) }).toMatchObject({ status: 401 });
    }
  }
}, 120_000);

test('a role does what it may, and nothing beyond, at every address', async () => {
  for (const role of ROLES) {
    for (const operation of operations()) {
      const status = await statusOf(operation, `Bearer ${held.get(role) ?? ''}`);
      const may = ROLES.indexOf(role) >= ROLES.indexOf(operation.role);
      expect({ as: role, ...operation, refused: status === 403 }).toEqual({ as: role, ...operation, refused: !may });
      expect({ as: role, ...operation, status }).not.toMatchObject({ status: 401 });
    }
  }
}, 120_000);

describe('the record', () => {
  test('has who asked for what, also what was refused, and no token', async () => {
    const headers = { authorization: `Bearer ${held.get('admin') ?? ''}` };
    const { body } = await api.call('GET', '/v1/audit?limit=1000', { headers });
    const { entries } = body as { entries: { owner: string; action: string; status: number }[] };
    expect(entries).toContainEqual(expect.objectContaining({ owner: 'operator-ada', action: 'pauseRun' }));
    expect(entries.some(({ owner }) => owner === 'viewer-ada')).toBe(false);
    const { body: tokens } = await api.call('GET', '/v1/tokens', { headers });
    expect(JSON.stringify([body, tokens])).not.toContain('pawl_');
    const valid = (tokens as { tokens: { valid: boolean }[] }).tokens.map((token) => token.valid);
    expect(valid.filter(Boolean)).toHaveLength(3);
  });

  test('the store has no token, in no form', async () => {
    const reader = await openStore({ path, readonly: true });
    const all = JSON.stringify(await reader.tokens());
    await reader.close();
    for (const token of held.values()) expect(all).not.toContain(token.slice('pawl_'.length));
  });
});

describe('a server that can be reached from elsewhere', () => {
  test('does not start without a token, and asks for one where there is', async () => {
    await expect(startServer(empty, { args: ['--host', '0.0.0.0'] })).rejects.toThrow(
      /everybody needs a token, and there is none. Make one first: pawl token add/,
    );
    const pawl = join(packageRoot(), 'lib/client/cli/main.js');
    const env = { PATH: process.env['PATH'] ?? '', HOME: empty, PAWL_HOME: empty };
    const made = await runCommand(process.execPath, [pawl, 'token', 'add', 'ada', '--expires', '1h'], {
      env,
      timeoutMs: 60_000,
    });
    expect(made).toMatchObject({ ok: true });
    const token = made.ok ? made.output : '';
    expect(token).toMatch(/^pawl_[\w-]{43}$/);
    const server = await startServer(empty, { args: ['--require-token'] });
    try {
      const status = async (headers: Record<string, string>): Promise<number> =>
        (await fetch(`${server.url}/v1/runs`, { headers })).status;
      // No Temporal server is known there, and no store has runs.
      expect([await status({}), await status({ authorization: `Bearer ${token}` })]).toEqual([401, 503]);
      expect(
        (await fetch(`${server.url}/v1/runs`, { method: 'POST', headers: { authorization: `Bearer ${token}` } }))
          .status,
      ).toBe(403);
    } finally {
      await server.kill();
    }
  }, 120_000);
});
