import { afterEach, describe, expect, test } from '@jest/globals';
import { Fireworks, type SnapshotRequest, type WeightSync } from '../../activities/backends/fireworks/index.ts';
import { failureOf, FAST_SETTINGS, startServer, type Server } from './scripted-platform.ts';

const MODEL = 'accounts/fireworks/models/demo-8b';

let server: Server | undefined;
let fireworks: Fireworks | undefined;
/** What each deployment serves; loads change it at once, unless they are told to fail. */
let served: Record<string, string>;
let failing: Set<string>;
let saved: SnapshotRequest[];

async function given(
  ids: readonly string[],
  options: { lora?: boolean; baseEvery?: number } = {},
): Promise<WeightSync> {
  served = Object.fromEntries(ids.map((id) => [id, 'from-before']));
  failing = new Set();
  saved = [];
  server = await startServer({
    'POST /hot_load': ({ text, headers }) => {
      const id = String(headers['fireworks-deployment']).split('/').at(-1) ?? '';
      if (failing.has(id)) return { status: 409 };
      served[id] = (JSON.parse(text) as { identity: string }).identity;
      return { json: {} };
    },
    'GET /hot_load': ({ headers }) => {
      const identity = served[String(headers['fireworks-deployment']).split('/').at(-1) ?? ''];
      return { json: { replicas: [{ current_snapshot_identity: identity, readiness: true }] } };
    },
    completions: { json: {} },
  });
  fireworks = new Fireworks({
    apiKey: 'key',
    baseUrl: server.url,
    account: 'acme',
    ...FAST_SETTINGS,
    retries: { ...FAST_SETTINGS.retries, hotLoad: [] },
  });
  return fireworks.weightSync({
    client: {
      async saveWeightsForSampler(snapshot) {
        saved.push(snapshot);
        return { requestIds: ['r'], result: async () => ({ path: snapshot.name }) };
      },
    },
    deployments: ids.map((deploymentId) => ({ deploymentId, baseModel: MODEL, replicas: 1 })),
    ...options,
  });
}

const types = (): string[] => saved.map(({ type }) => type);

function previous(): (string | undefined)[] {
  return (server?.bodies('POST /hot_load') ?? []).map(
    (body) =>
      (body as { incremental_snapshot_metadata?: { previous_snapshot_identity: string } }).incremental_snapshot_metadata
        ?.previous_snapshot_identity,
  );
}

afterEach(async () => {
  await fireworks?.close();
  await server?.close();
});

describe('a chain', () => {
  test('starts with a base, and goes on with deltas on what was confirmed', async () => {
    const sync = await given(['a']);
    const first = await sync.saveAndSync('step-1');
    const second = await sync.saveAndSync('step-2');
    expect(first).toMatchObject({ identity: expect.stringMatching(/^step-1-[0-9a-f]{8}$/), type: 'base', version: 1 });
    expect(second).toMatchObject({ type: 'delta', version: 2 });
    expect(second.identity.slice(-8)).toBe(first.identity.slice(-8));
    expect(previous()).toEqual([undefined, first.identity]);
  });
  test('after a failed load goes on with a base', async () => {
    const sync = await given(['a']);
    await sync.saveAndSync('step-1');
    failing.add('a');
    expect(await failureOf(sync.saveAndSync('step-2'))).toMatchObject({ type: 'SyncFailed' });
    failing.clear();
    await sync.saveAndSync('step-3');
    expect(types()).toEqual(['base', 'delta', 'base']);
  });
  test('after a first load that failed is loaded whole, as it was saved', async () => {
    const sync = await given(['a']);
    failing.add('a');
    await failureOf(sync.saveAndSync('step-1'));
    failing.clear();
    await sync.saveAndSync('step-2');
    expect(types()).toEqual(['base', 'base']);
  });
  test('never saves under a name twice, however often it is asked for', async () => {
    const sync = await given(['a']);
    for (const name of ['last', 'last-2', 'last']) await sync.saveAndSync(name);
    const names = saved.map(({ name }) => name.slice(0, -9));
    expect(names).toEqual(['last', 'last-2', 'last-3']);
  });
  test('of a replica that went back to older weights starts anew', async () => {
    const sync = await given(['a']);
    await sync.saveAndSync('step-1');
    served['a'] = 'from-before';
    await sync.saveAndSync('step-2');
    expect(types()).toEqual(['base', 'base']);
  });
  test('is shared by deployments only while all of them confirmed the same', async () => {
    const sync = await given(['a', 'b']);
    await sync.saveAndSync('step-1');
    await sync.saveAndSync('step-2');
    failing.add('b');
    expect((await failureOf(sync.saveAndSync('step-3'))).message).toContain('deployment b');
    failing.clear();
    await sync.saveAndSync('step-4');
    await sync.saveAndSync('step-5');
    expect(types()).toEqual(['base', 'delta', 'delta', 'base', 'delta']);
    expect(served).toEqual({ a: saved[4]?.name, b: saved[4]?.name });
  });
  test('takes a base when it is told to, now and then, at the end, and always for LoRA', async () => {
    const sync = await given(['a'], { baseEvery: 2 });
    for (const step of [1, 2, 3, 4]) await sync.saveAndSync(`step-${step}`);
    expect(types()).toEqual(['base', 'delta', 'base', 'delta']);
    await sync.saveAndSync('step-5');
    sync.forceBase();
    await sync.saveAndSync('step-6');
    await sync.saveAndSync('step-7', { final: true });
    expect(types().slice(4)).toEqual(['base', 'base', 'base']);
    await fireworks?.close();
    await server?.close();
    const lora = await given(['a'], { lora: true });
    for (const step of [1, 2]) await lora.saveAndSync(`step-${step}`);
    expect(types()).toEqual(['base', 'base']);
  });
});
