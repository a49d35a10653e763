/** Acting over HTTP on a real Temporal server: once, however often it is asked, and whoever is killed in between. */
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { Client, Connection } from '@temporalio/client';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { TemporalServer } from '../../client/local/temporal-server.ts';
import { openStore, type Store } from '../../store/index.ts';
import { GOOD } from '../client/good-experiment.ts';
import { temporaryFolder } from '../local/support.ts';
import { temporalIn } from '../local/temporal.ts';
import { openApi, type Api } from './api.ts';
import { startServer } from './server-process.ts';

const home = temporaryFolder();
const YAML = { 'content-type': 'application/yaml' };
const JSON_TYPE = { 'content-type': 'application/json' };

let temporal: TemporalServer;
let store: Store;
let api: Api;
let connection: Connection;

beforeAll(async () => {
  temporal = await temporalIn(home);
  store = await openStore({ path: join(home, 'pawl.db') });
  // Nobody polls: what is submitted waits, as it would for a worker that is away.
  await store.noteWorker({ id: 'w', queueName: 'pawl', taskQueue: 'pawl-test', platform: 'sandbox:x', account: 'a' });
  const uploads = join(home, 'uploads');
  mkdirSync(uploads, { recursive: true });
  for (const name of ['tokenizer.json', 'train.jsonl', 'prompts.jsonl']) writeFileSync(join(uploads, name), '{}\n');
  api = await openApi(home, { temporalAddress: temporal.address });
  connection = await Connection.connect({ address: temporal.address });
}, 300_000);

afterAll(async () => {
  await connection?.close();
  await api?.close();
  await store?.close();
  await temporal?.stop();
}, 120_000);

/** Of these ids, how many executions Temporal has ever begun. */
async function begun(prefix: string): Promise<string[]> {
  const client = new Client({ connection });
  const found: string[] = [];
  for await (const { workflowId } of client.workflow.list({ query: `WorkflowId STARTS_WITH "${prefix}"` })) {
    found.push(workflowId);
  }
  return found;
}

interface Submitted {
  readonly runId: string;
  readonly existed: boolean;
}

describe('an experiment', () => {
  test('is submitted as the file that it is, or as JSON, and its run is there at once', async () => {
    const yaml = await api.call('POST', '/v1/runs?set=train.steps%3D40&id=of-yaml', { headers: YAML, body: GOOD });
    expect(yaml).toMatchObject({ status: 201, body: { runId: 'of-yaml', existed: false } });
    const { body } = await api.call('POST', '/v1/experiments:validate', { headers: YAML, body: GOOD });
    const { experiment } = body as { experiment: object };
    const json = await api.call('POST', '/v1/runs?id=of-json', {
      headers: JSON_TYPE,
      body: JSON.stringify(experiment),
    });
    expect(json).toMatchObject({
      status: 201,
      body: { runId: 'of-json', warning: expect.stringContaining('pawl up') },
    });
    expect(await api.get('/v1/runs/of-json')).toMatchObject({ outcome: 'pending' });
    const again = await api.call('POST', '/v1/runs?set=train.steps%3D40&id=of-yaml', { headers: YAML, body: GOOD });
    expect(again).toMatchObject({ status: 201, body: { existed: true } });
    const other = await api.call('POST', '/v1/runs?id=of-yaml', { headers: YAML, body: GOOD });
    expect(other).toMatchObject({ status: 409, body: { type: '/docs/problems#refused' } });
  });

  test('with faults is told each of them, at its place and field, and nothing is submitted', async () => {
    const body = GOOD.replace('steps: 100', 'steps: many').replace('every: 20', 'evry: 20');
    const { status, body: problem } = await api.call('POST', '/v1/experiments:validate', { headers: YAML, body });
    expect({ status, problem }).toMatchObject({
      status: 422,
      problem: {
        type: '/docs/problems#invalid-experiment',
        errors: expect.arrayContaining([
          {
            pointer: '/train/steps',
            detail: expect.stringMatching(/^experiment:8:3 train.steps: expected a number/),
          },
          { pointer: '/checkpoint/evry', detail: expect.stringContaining('Did you mean "every"?') },
        ]),
      },
    });
    expect(
      (await api.call('POST', '/v1/runs', { headers: YAML, body: GOOD.replace('train.jsonl', 'gone.jsonl') })).body,
    ).toMatchObject({ errors: [{ pointer: '/data/train' }] });
    expect((await api.call('POST', '/v1/runs', { headers: YAML, body: 'a: [' })).status).toBe(422);
    expect((await api.call('POST', '/v1/runs', { headers: { 'content-type': 'text/plain' }, body: GOOD })).status).toBe(
      415,
    );
    expect((await api.call('POST', '/v1/runs', { headers: YAML, body: `# ${'x'.repeat(1_100_000)}` })).status).toBe(
      413,
    );
  });
});

describe('a key', () => {
  test('gives the same answer to the same request, and none to another', async () => {
    const headers = { ...YAML, 'idempotency-key': 'first' };
    const answers = await Promise.all(
      Array.from({ length: 5 }, () => api.call('POST', '/v1/runs', { headers, body: GOOD })),
    );
    answers.push(await api.call('POST', '/v1/runs', { headers, body: GOOD }));
    expect(new Set(answers.map(({ status, body }) => JSON.stringify([status, body]))).size).toBe(1);
    const { runId } = (answers[0]?.body ?? {}) as Submitted;
    expect(runId).toMatch(/^demo-[0-9a-f]{8}$/);
    const other = await api.call('POST', '/v1/runs', { headers, body: `${GOOD}# another\n` });
    expect(other).toMatchObject({ status: 422, body: { type: '/docs/problems#key-reused' } });
    const elsewhere = await api.call('POST', `/v1/runs/${runId}/pause`, { headers: { 'idempotency-key': 'first' } });
    expect(elsewhere.status).toBe(422);
    const bad = await api.call('POST', '/v1/runs', { headers: { ...YAML, 'idempotency-key': 'a b' }, body: GOOD });
    expect(bad.status).toBe(400);
  });

  test('under which something failed is free for another try', async () => {
    const headers = { ...YAML, 'idempotency-key': 'second' };
    const set = '/v1/runs?set=data.train%3Dlater.jsonl';
    expect((await api.call('POST', set, { headers, body: GOOD })).status).toBe(422);
    writeFileSync(join(home, 'uploads', 'later.jsonl'), '{}\n');
    expect((await api.call('POST', set, { headers, body: GOOD })).status).toBe(201);
  });
});

test('a server that is killed during a submission, asked again under the same key, has made one run', async () => {
  const keys = ['k0', 'k1', 'k2'];
  for (const [at, key] of keys.entries()) {
    const name = `killed-${key}`;
    const body = GOOD.replace('name: demo', `name: ${name}`);
    const headers = { ...YAML, 'idempotency-key': key };
    const ask = async (url: string): Promise<Submitted> => {
      for (;;) {
        const response = await fetch(`${url}/v1/runs`, { method: 'POST', headers, body });
        const said = (await response.json()) as Submitted;
        // On a busy machine Temporal may not answer in time, which is said; whoever has a key asks again.
        if (response.status !== 503) return said;
      }
    };
    let server = await startServer(home, { temporalAddress: temporal.address });
    const first = ask(server.url).catch(() => undefined);
    // Once it is done and before it is answered, or somewhat later or earlier.
    if (at % 2 === 0) while ((await begun(name)).length === 0) await sleep(1);
    await sleep(at * 15);
    await server.kill();
    const before = await first;
    server = await startServer(home, { temporalAddress: temporal.address });
    const [second, third] = [await ask(server.url), await ask(server.url)];
    await server.kill();
    expect(second.runId).toMatch(new RegExp(`^${name}-[0-9a-f]{8}$`));
    expect(third).toEqual(second);
    if (before !== undefined) expect(before).toEqual(second);
    while ((await begun(name)).length === 0) await sleep(50);
    expect(await begun(name)).toEqual([second.runId]);
  }
}, 240_000);

describe('a run that waits', () => {
  test('is paused, resumed and stopped; one that is over cannot be, and nothing is found by another name', async () => {
    await api.call('POST', '/v1/runs?id=to-be-stopped', { headers: YAML, body: GOOD });
    for (const asked of ['pause', 'resume'] as const) {
      const { status, body } = await api.call('POST', `/v1/runs/to-be-stopped/${asked}`);
      expect({ status, body }).toMatchObject({ status: 202, body: { asked, warning: expect.anything() } });
    }
    const stop = { headers: { ...JSON_TYPE, 'idempotency-key': 'stop' }, body: JSON.stringify({ reason: 'enough' }) };
    expect((await api.call('POST', '/v1/runs/to-be-stopped/stop', stop)).body).toMatchObject({ asked: 'stop' });
    expect((await api.call('POST', '/v1/runs/nobody/stop')).status).toBe(404);
    const unknown = { headers: JSON_TYPE, body: '{"reson":"x"}' };
    expect(await api.call('POST', '/v1/runs/to-be-stopped/stop', unknown)).toMatchObject({
      status: 400,
      body: { errors: [{ pointer: '/reson' }] },
    });
    const client = new Client({ connection });
    await client.workflow.getHandle('to-be-stopped').terminate('by hand');
    expect((await api.call('POST', '/v1/runs/to-be-stopped/pause')).status).toBe(409);
    expect((await api.call('POST', '/v1/runs/to-be-stopped/stop', stop)).status).toBe(202);
  });

  test('is set only what can be, by a branch only what is there, and a gate only as one is made', async () => {
    const set = { headers: JSON_TYPE, body: JSON.stringify({ settings: { 'train.steps': 5 } }) };
    expect((await api.call('POST', '/v1/runs/of-yaml/set', set)).status).toBe(409);
    expect((await api.call('POST', '/v1/runs/of-yaml/branch')).status).toBe(409);
    const gate = { headers: JSON_TYPE, body: JSON.stringify({ run: 'of-yaml', gate: { alias: 'Not An Alias' } }) };
    expect(await api.call('POST', '/v1/promotions', gate)).toMatchObject({
      status: 400,
      body: { errors: [{ pointer: '/gate/alias' }] },
    });
    for (const path of ['/v1/promotions/nothing/approve', '/v1/aliases/prod/undo', '/v1/machines/nothing/release']) {
      expect({ path, status: (await api.call('POST', path)).status }).toEqual({ path, status: 409 });
    }
  });

  test('is on record with who asked', async () => {
    const { entries } = await api.get<{ entries: { action: string; owner: string; address: string }[] }>('/v1/audit');
    const paused = { action: 'pauseRun', owner: 'tester', address: '/v1/runs/to-be-stopped/pause' };
    expect(entries).toContainEqual(expect.objectContaining(paused));
  });
});
