import { afterEach, describe, expect, test } from '@jest/globals';
import type { FireworksConfig } from '../../activities/backends/fireworks/index.ts';
import type { ReplicaStatus } from '../../activities/ports.ts';
import { FAST_RETRIES, failureOf, never, startPlatform, type Platform, type Reply } from './scripted-platform.ts';

const PATH = '/hot_load/v1/models/hot_load';
const target = { deploymentId: 'run42-rollout', baseModel: 'accounts/fireworks/models/demo-8b', replicas: 2 };
const fresh = { readiness: true, loading_state: { stage: 'idle' } };

/** One replica as the platform describes it. */
function replica(identity: string, ready: boolean, stage = 'idle', targetIdentity?: string): object {
  return {
    current_snapshot_identity: identity,
    readiness: ready,
    loading_state: { stage, target_snapshot_identity: targetIdentity },
    supports_rdma_weight_sync: false,
    rdma_weight_sync_enabled: false,
  };
}

function status(...replicas: readonly object[]): Reply {
  return { json: { replicas, replica_distribution: {} } };
}

let platform: Platform | undefined;

async function given(
  statuses: Reply | readonly Reply[],
  posts: Reply | readonly Reply[] = { json: {} },
  config: Partial<FireworksConfig> = {},
): Promise<Platform> {
  platform = await startPlatform({ [`GET ${PATH}`]: statuses, [`POST ${PATH}`]: posts }, config);
  return platform;
}

async function confirm(
  asked: string | { identity: string; previousIdentity: string },
  timeoutMs = 5_000,
  onStatus?: (list: readonly ReplicaStatus[]) => void,
): Promise<unknown> {
  const options = { timeoutMs, signal: never(), ...(onStatus === undefined ? {} : { onStatus }) };
  const snapshot = typeof asked === 'string' ? { identity: asked } : asked;
  return platform?.backend.weightSync.waitConfirmed(target, snapshot, options);
}

afterEach(async () => {
  await platform?.close();
  platform = undefined;
});

describe('replicas', () => {
  test('are told in the words of the port', async () => {
    const adapters = [
      { identity: 'a-1', status: 'loaded' },
      { identity: 'a-2', status: 'loading' },
    ];
    const { backend, received } = await given(
      status({ ...replica('s-1', true, 'downloading', 's-2'), loaded_adapters: adapters }, fresh, {}),
    );
    expect(await backend.weightSync.replicas(target, never())).toEqual([
      { ready: true, identity: 's-1', loaded: ['s-1', 'a-1'], stage: 'downloading', targetIdentity: 's-2' },
      { ready: true, loaded: [], stage: 'idle' },
      { ready: false, loaded: [] },
    ]);
    expect(received[0]?.headers).toMatchObject({
      'fireworks-model': 'accounts/fireworks/models/demo-8b',
      'fireworks-deployment': 'accounts/acme/deployments/run42-rollout',
    });
  });
  test('missing from the answer are an error', async () => {
    const { backend } = await given({ json: {} });
    expect((await failureOf(backend.weightSync.replicas(target, never()))).message).toContain('replicas: ');
  });
  test('fed by RDMA are an error', async () => {
    const { backend } = await given(status({ ...fresh, rdma_weight_sync_enabled: true }));
    expect((await failureOf(backend.weightSync.replicas(target, never()))).message).toContain('RDMA');
  });
});

describe('load', () => {
  const base = { identity: 'step-3-212ab365' };
  const delta = { identity: 'step-4-212ab365', previousIdentity: 'step-3-212ab365' };
  const refusal: Reply = {
    status: 400,
    json: { error: { message: "body.reset_prompt_cache: Extra inputs are not permitted (input 'true')" } },
  };

  test('of a base names no previous snapshot', async () => {
    const { backend, to } = await given(status(fresh, fresh));
    await backend.weightSync.load(target, base, never());
    expect(to('POST').map(({ text }) => text)).toEqual(['{"identity":"step-3-212ab365","reset_prompt_cache":true}']);
  });
  test('of a delta names the snapshot it stands on', async () => {
    const { backend, bodies } = await given(status(fresh, fresh));
    await backend.weightSync.load(target, delta, never());
    expect(bodies('POST')).toEqual([
      {
        identity: 'step-4-212ab365',
        reset_prompt_cache: true,
        incremental_snapshot_metadata: {
          previous_snapshot_identity: 'step-3-212ab365',
          compression_format: 'arc_v2',
          checksum_format: 'alder32',
        },
      },
    ]);
  });
  test('waits until the deployment reports a replica', async () => {
    const { backend, received } = await given([status(), status(), status(fresh, fresh)]);
    await backend.weightSync.load(target, base, never());
    expect(received.map(({ method }) => method)).toEqual(['GET', 'GET', 'GET', 'POST']);
  });
  test('gives up on a deployment that never reports a replica', async () => {
    const polls = { manager: { firstMs: 1, maxMs: 1 }, managerTimeoutMs: 10 };
    const { backend, to } = await given(status(), {}, { polls });
    expect(await failureOf(backend.weightSync.load(target, base, never()))).toMatchObject({ type: 'Unavailable' });
    expect(to('POST')).toEqual([]);
  });
  test('of what every replica serves already is done', async () => {
    const { backend, to } = await given(status(replica('step-4-212ab365', true), replica('step-4-212ab365', true)));
    await backend.weightSync.load(target, delta, never());
    expect(to('POST')).toEqual([]);
  });
  test('of what only one replica serves is sent again', async () => {
    const { backend, to } = await given(status(replica('step-4-212ab365', true), replica('step-3-212ab365', true)));
    await backend.weightSync.load(target, delta, never());
    expect(to('POST')).toHaveLength(1);
  });
  test('refused for reset_prompt_cache goes without it, from then on', async () => {
    const { backend, bodies } = await given(status(fresh, fresh), [refusal, { json: {} }]);
    await backend.weightSync.load(target, base, never());
    await backend.weightSync.load(target, { identity: 'step-5' }, never());
    expect(bodies('POST')).toEqual([
      { identity: 'step-3-212ab365', reset_prompt_cache: true },
      { identity: 'step-3-212ab365' },
      { identity: 'step-5' },
    ]);
  });
  test.each<[string, Reply]>([
    ['425', { status: 425 }],
    ['503', { status: 503 }],
    ['a reset connection', 'reset'],
  ])('after %s is asked for again', async (_, reply) => {
    const { backend, to } = await given(status(fresh, fresh), [reply, reply, { status: 204, text: '' }]);
    await backend.weightSync.load(target, base, never());
    expect(to('POST')).toHaveLength(3);
  });
  test('still refused with 425 after its budget is unavailable', async () => {
    const retries = { ...FAST_RETRIES, hotLoad: FAST_RETRIES.hotLoad.map((rule) => ({ ...rule, times: 2 })) };
    const { backend } = await given(status(fresh, fresh), { status: 425 }, { retries });
    expect(await failureOf(backend.weightSync.load(target, base, never()))).toMatchObject({ type: 'Unavailable' });
  });
  test.each([
    ['a base', 400, base, 'InvalidRequest'],
    ['a base', 409, base, 'SyncFailed'],
    ['a delta', 400, delta, 'SyncFailed'],
    ['a delta', 412, delta, 'SyncFailed'],
    ['a delta', 401, delta, 'Unauthorized'],
  ])('of %s answered %d fails once as it should', async (_, code, snapshot, type) => {
    const { backend, to } = await given(status(fresh, fresh), { status: code, json: { message: 'no' } });
    expect(await failureOf(backend.weightSync.load(target, snapshot, never()))).toMatchObject({ type });
    expect(to('POST')).toHaveLength(1);
  });
  test('of an identity with a slash is refused', async () => {
    const { backend } = await given(status(fresh));
    const snapshot = { identity: 'acme/run-1/step-3' };
    expect(await failureOf(backend.weightSync.load(target, snapshot, never()))).toMatchObject({
      type: 'InvalidRequest',
    });
  });
});

describe('confirmation', () => {
  const old = replica('old', true);
  const current = replica('new', true);

  test('waits for the second replica', async () => {
    await given([
      status(current, old),
      status(current, replica('new', false, 'loading', 'new')),
      status(current, current),
    ]);
    const seen: number[] = [];
    const list = await confirm('new', 5_000, (replicas) => seen.push(replicas.filter(({ ready }) => ready).length));
    expect(list).toEqual([
      { ready: true, identity: 'new', loaded: ['new'], stage: 'idle' },
      { ready: true, identity: 'new', loaded: ['new'], stage: 'idle' },
    ]);
    expect(seen).toEqual([2, 1, 2]);
  });
  test('waits for a replica that is not in the list yet', async () => {
    await given([status(), status(current), status(current, current)]);
    expect(await confirm('new')).toHaveLength(2);
    expect(platform?.received).toHaveLength(3);
  });
  test('counts every replica in the list, also beyond what was asked for', async () => {
    await given([status(current, current, old), status(current, current, current)]);
    expect(await confirm('new')).toHaveLength(3);
  });
  test('accepts a loaded adapter', async () => {
    const adapter = { ...old, loaded_adapters: [{ identity: 'new', status: 'loaded' }] };
    await given(status(adapter, adapter));
    expect(await confirm('new')).toHaveLength(2);
  });
  test('ends with an error on this identity', async () => {
    await given(status(current, replica('old', true, 'error', 'new')));
    expect(await failureOf(confirm('new'))).toMatchObject({
      name: 'SyncFailedError',
      type: 'SyncFailed',
      message: expect.stringContaining('replica 1 failed to load it'),
    });
  });
  const polls = { hotLoad: { firstMs: 1, maxMs: 1 }, forgottenMs: 20 };
  test.each([
    ['another identity', old, 'new' as const],
    ['what it was deployed with', fresh, 'new' as const],
    ['what the delta was made from', old, { identity: 'new', previousIdentity: 'old' }],
  ])('asks again where a replica serves %s, and is about to load nothing', async (_, idle, asked) => {
    const { bodies } = await given(status(current, idle), {}, { polls });
    expect((await failureOf(confirm(asked, 100))).message).toContain('not confirmed within');
    expect(bodies('POST')[0]).toMatchObject({ identity: 'new' });
    expect(JSON.stringify(bodies('POST')).includes('"previous_snapshot_identity":"old"')).toBe(asked !== 'new');
  });
  test('ends where a replica was replaced that the delta does not fit', async () => {
    const { to } = await given(status(current, fresh), {}, { polls });
    expect(await failureOf(confirm({ identity: 'new', previousIdentity: 'old' }))).toMatchObject({
      type: 'SyncFailed',
      message: expect.stringContaining('a replica was replaced, and the delta does not fit it'),
    });
    expect(to('POST')).toHaveLength(0);
  });
  test('goes on when an idle replica begins after all', async () => {
    const loading = replica('old', false, 'downloading', 'new');
    const unhurried = { ...polls, forgottenMs: 60_000 };
    const statuses = [status(old, old), status(loading, old), status(current, current)];
    const { to } = await given(statuses, {}, { polls: unhurried });
    expect(await confirm('new')).toHaveLength(2);
    expect(to('POST')).toHaveLength(0);
  });
  test('goes on after an error left over from another identity', async () => {
    await given([
      status(replica('old', true, 'error', 'older'), replica('old', true, 'error')),
      status(current, replica('new', true, 'error', 'older')),
    ]);
    expect(await confirm('new')).toHaveLength(2);
  });
  test('goes on after a status request that failed', async () => {
    await given([{ status: 503 }, 'reset', { status: 404 }, status(current, current)]);
    expect(await confirm('new')).toHaveLength(2);
  });
  test('ends when the key is refused', async () => {
    await given({ status: 401 });
    expect(await failureOf(confirm('new'))).toMatchObject({ type: 'Unauthorized' });
  });
  test('ends when the answer is no status', async () => {
    await given({ json: { status: 'ok' } });
    expect((await failureOf(confirm('new'))).message).toContain('unexpected answer');
  });
  test('that comes too late says what was expected and what is there', async () => {
    await given(status(current, replica('old', false, 'downloading', 'new')));
    const error = await failureOf(confirm('new', 20));
    expect(error).toMatchObject({ type: 'SyncFailed', detail: { identity: 'new', replicas: 2 } });
    expect(error.message).toBe(
      'deployment run42-rollout does not serve new: not confirmed within 0.02 s; 2 of 2 replicas; ' +
        '[0] serves new, stage idle, ready; [1] serves old, stage downloading of new, not ready',
    );
  });
  test('that cannot even be asked for says why', async () => {
    await given({ status: 503, json: { message: 'maintenance' } });
    expect((await failureOf(confirm('new', 200))).message).toMatch(/503: maintenance.*0 of 2 replicas/);
  });
  test('ends at once when it is cancelled', async () => {
    await given('silence');
    const controller = new AbortController();
    const options = { timeoutMs: 60_000, signal: controller.signal };
    const waiting =
      platform?.backend.weightSync.waitConfirmed(target, { identity: 'new' }, options) ?? Promise.resolve();
    setImmediate(() => controller.abort(new Error('enough')));
    expect((await failureOf(waiting)).message).toBe('enough');
  });
});
