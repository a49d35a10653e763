import { afterEach, describe, expect, test } from '@jest/globals';
import { Fireworks } from '../../activities/backends/fireworks/index.ts';
import { DEFAULT_POLLS } from '../../activities/backends/fireworks/tables.ts';
import { failureOf, FAST_SETTINGS, startServer, type Reply, type Script, type Server } from './scripted-platform.ts';

const JOB = '/v1/accounts/acme/rlorTrainerJobs/mine';
const DEPLOYMENT = '/v1/accounts/acme/deployments/roll';
const MODEL = 'accounts/fireworks/models/demo-8b';
const request = { id: 'mine', baseModel: MODEL, loraRank: 0 };

let server: Server | undefined;
let fireworks: Fireworks | undefined;

async function given(script: Script, endedGraceMs = DEFAULT_POLLS.endedGraceMs): Promise<Fireworks> {
  server = await startServer(script);
  const polls = { ...FAST_SETTINGS.polls, endedGraceMs };
  fireworks = new Fireworks({ apiKey: 'key', baseUrl: server.url, account: 'acme', ...FAST_SETTINGS, polls });
  return fireworks;
}

function job(state: string, more: object = {}): Reply {
  const name = 'accounts/acme/rlorTrainerJobs/mine';
  return { json: { name, state: `JOB_STATE_${state}`, trainingConfig: { baseModel: MODEL }, ...more } };
}

const calls = (): string[] => (server?.received ?? []).map(({ method, path }) => `${method} ${path}`);

afterEach(async () => {
  await fireworks?.close();
  await server?.close();
});

describe('trainer jobs', () => {
  test('are created without a shape, and waited for until they run and answer', async () => {
    const { trainerJobs } = await given({
      'POST /v1/accounts/acme/rlorTrainerJobs': job('CREATING'),
      [`GET ${JOB}`]: [job('PENDING'), job('CREATING'), job('RUNNING')],
      healthz: [{ status: 503 }, { status: 200 }],
    });
    const made = await trainerJobs.createAndWait({ ...request, forwardOnly: true, maxContextTokens: 4096 });
    expect(made).toMatchObject({ id: 'mine', phase: 'running', baseModel: MODEL, loraRank: 0 });
    expect(server?.received[0]?.query).toEqual({ rlorTrainerJobId: 'mine' });
    expect(server?.bodies('POST /v1')[0]).toMatchObject({
      serviceMode: true,
      keepAlive: false,
      dataset: '',
      forwardOnly: true,
      trainingConfig: { baseModel: MODEL, loraRank: 0, learningRate: 1e-5, maxContextLength: 4096 },
      inactivityTimeout: '3600s',
    });
  });
  test.each(['FAILED', 'CANCELLED', 'PAUSED', 'COMPLETED'])('found %s are resumed', async (state) => {
    const { trainerJobs } = await given({
      'POST /v1/accounts/acme/rlorTrainerJobs': { status: 409 },
      [`GET ${JOB}`]: [job(state), job('RUNNING')],
      [`POST ${JOB}:resume`]: job('CREATING'),
      healthz: { status: 200 },
    });
    expect(await trainerJobs.createAndWait(request)).toMatchObject({ phase: 'running' });
    expect(calls()).toContain(`POST ${JOB}:resume`);
  });
  test.each([
    ['FAILED', 'no GPUs left'],
    ['DELETED', 'DELETED'],
    ['ARCHIVED', 'ARCHIVED'],
  ])('that are %s end a wait at once', async (state, text) => {
    const { trainerJobs } = await given({ [`GET ${JOB}`]: job(state, { status: { message: 'no GPUs left' } }) });
    const error = await failureOf(trainerJobs.waitReady('mine'));
    expect(error).toMatchObject({ type: 'LostTrainer', message: expect.stringContaining(text) });
    expect(calls()).toHaveLength(1);
  });
  test('may look ended for a while after they were resumed, and no longer', async () => {
    const ended = Array.from({ length: 5 }, () => job('CANCELLED'));
    const { trainerJobs } = await given({ [`GET ${JOB}`]: [...ended, job('RUNNING')], healthz: { status: 200 } });
    expect(await trainerJobs.waitReady('mine')).toMatchObject({ phase: 'running' });
    await fireworks?.close();
    await server?.close();
    const later = await given({ [`GET ${JOB}`]: job('CANCELLED') }, 20);
    expect(await failureOf(later.trainerJobs.waitReady('mine'))).toMatchObject({ type: 'LostTrainer' });
    expect(calls().length).toBeGreaterThan(1);
  });
  test('have one clock for capacity and one for readiness, which does not start anew', async () => {
    const { trainerJobs } = await given({ [`GET ${JOB}`]: job('PENDING') });
    const waiting = trainerJobs.waitReady('mine', { pendingTimeoutMs: 20, readyTimeoutMs: 60_000 });
    expect(await failureOf(waiting)).toMatchObject({ type: 'Unavailable' });
    await fireworks?.close();
    await server?.close();
    const again = await given({ [`GET ${JOB}`]: [job('CREATING'), job('PENDING')] });
    const placed = again.trainerJobs.waitReady('mine', { pendingTimeoutMs: 60_000, readyTimeoutMs: 20 });
    expect(await failureOf(placed)).toMatchObject({ type: 'Unavailable' });
  });
  test('whose process was lost come back', async () => {
    const { trainerJobs } = await given({
      [`GET ${JOB}`]: [job('RE_QUEUEING'), job('FAILED'), job('CREATING'), job('RUNNING')],
      [`POST ${JOB}:resume`]: job('CREATING'),
      healthz: { status: 200 },
    });
    expect(await trainerJobs.reconnect('mine')).toMatchObject({ phase: 'running' });
    expect(calls().filter((call) => call.endsWith(':resume'))).toHaveLength(1);
  });
  test('that neither run nor can be resumed are stuck', async () => {
    const { trainerJobs } = await given({ [`GET ${JOB}`]: job('RE_QUEUEING') });
    expect(await failureOf(trainerJobs.reconnect('mine', { stuckTimeoutMs: 10 }))).toMatchObject({
      type: 'LostTrainer',
      message: expect.stringContaining('JOB_STATE_RE_QUEUEING'),
    });
  });
  test('are listed page after page, cancelled and deleted', async () => {
    const page = (id: string, nextPageToken: string): Reply => ({
      json: {
        rlorTrainerJobs: [{ name: `accounts/acme/rlorTrainerJobs/${id}`, state: 'JOB_STATE_IDLE' }],
        nextPageToken,
      },
    });
    const { trainerJobs } = await given({
      'GET /v1/accounts/acme/rlorTrainerJobs': [page('a', 'next'), page('b', '')],
      POST: { json: {} },
      DELETE: { status: 404 },
    });
    const ids: string[] = [];
    for await (const { id } of trainerJobs.list({ filter: 'state="JOB_STATE_IDLE"' })) ids.push(id);
    expect(ids).toEqual(['a', 'b']);
    expect(server?.received.map(({ query }) => query)).toEqual([
      { filter: 'state="JOB_STATE_IDLE"', pageSize: '200' },
      { filter: 'state="JOB_STATE_IDLE"', pageSize: '200', pageToken: 'next' },
    ]);
    await trainerJobs.cancel('a');
    await trainerJobs.delete('b');
    expect(calls().slice(2)).toEqual([
      'POST /v1/accounts/acme/rlorTrainerJobs/a:cancel',
      'DELETE /v1/accounts/acme/rlorTrainerJobs/b',
    ]);
  });
});

describe('training shapes', () => {
  const version = (name: string, maxSupportedContextLength: number): object => ({
    name,
    snapshot: { baseModel: MODEL, maxSupportedContextLength },
  });
  test('are found by what they are for, the smallest that fits first', async () => {
    const versions = [version('large', 131_072), version('small', 8192), version('middle', 32_768)];
    const shapes = await given({
      'GET /v1/accounts/-/trainingShapes/-/versions': { json: { trainingShapeVersions: versions } },
    });
    const found = await shapes.findShapes({ baseModel: MODEL, mode: 'LORA_TRAINER', contextTokens: 10_000 });
    expect(found.map(({ reference }) => reference)).toEqual(['middle', 'large']);
    expect(server?.received[0]?.query).toEqual({
      filter:
        `snapshot.base_model="${MODEL}" AND snapshot.trainer_mode="LORA_TRAINER" AND ` +
        'latest_validated=true AND public=true',
      orderBy: 'create_time desc',
      pageSize: '200',
    });
  });
  test('are not asked for with a name that would change the question', async () => {
    const shapes = await given({});
    const asking = shapes.findShapes({ baseModel: 'm" OR public=false OR "' });
    expect(await failureOf(asking)).toMatchObject({ type: 'InvalidRequest' });
    expect(calls()).toEqual([]);
  });
});

describe('checkpoints', () => {
  const row = (id: string, createTime: string, checkpointType: string, promotable = false): object => ({
    name: `accounts/acme/rlorTrainerJobs/mine/checkpoints/${id}`,
    createTime,
    checkpointType: `CHECKPOINT_TYPE_${checkpointType}`,
    promotable,
  });
  test.each(['checkpoints', 'rlorTrainerJobCheckpoints'])('under %s are listed in order of time', async (key) => {
    const first = [
      row('late', '2026-09-01T11:00:00.5123456Z', 'INFERENCE_BASE', true),
      row('early', '2026-09-01T11:00:00Z', 'TRAINING'),
    ];
    const second = [
      row('middle', '2026-09-01T11:00:00.25Z', 'INFERENCE_ARC_V2'),
      row('odd', '2026-09-02T00:00:00Z', 'X'),
    ];
    const { trainerJobs } = await given({
      checkpoints: [{ json: { [key]: first, nextPageToken: 'more' } }, { json: { [key]: second } }],
    });
    const rows = await trainerJobs.listCheckpoints('mine');
    expect(rows.map(({ id, kind, resumable, promotable }) => [id, kind, resumable, promotable])).toEqual([
      ['early', 'state', true, false],
      ['middle', 'delta', false, false],
      ['late', 'base', false, true],
      ['odd', 'unknown', false, false],
    ]);
    expect(rows[0]?.createdAt).toEqual(new Date('2026-09-01T11:00:00Z'));
  });

  const PROMOTE = 'POST /v1/accounts/acme/checkpoints/step-10-9f3c21aa:promote';
  const promotion = {
    checkpointId: 'step-10-9f3c21aa',
    trainerId: 'mine',
    outputModel: 'accounts/acme/models/my-policy',
    baseModel: MODEL,
  };
  const body = {
    output_model: 'accounts/acme/models/my-policy',
    trainer_job_id: 'accounts/acme/rlorTrainerJobs/mine',
    base_model: MODEL,
  };
  const model = { name: 'accounts/acme/models/my-policy', state: 'READY', kind: 'HF_BASE_MODEL' };

  test('are promoted at once', async () => {
    const { trainerJobs } = await given({ [PROMOTE]: { json: { model } } });
    expect(await trainerJobs.promoteCheckpoint(promotion)).toEqual(model);
    expect(server?.bodies('promote')).toEqual([{ ...body, async_promotion: true }]);
  });
  test('are promoted by an operation that takes its time', async () => {
    const operation = { name: 'accounts/acme/operations/op1', done: false, metadata: { status_message: 'copying' } };
    const { trainerJobs } = await given({
      [PROMOTE]: { json: { operation } },
      'GET /v1/accounts/acme/operations/op1': [
        { status: 503 },
        { json: operation },
        { json: { ...operation, done: true, response: { '@type': 'Model', ...model } } },
      ],
    });
    expect(await trainerJobs.promoteCheckpoint(promotion)).toEqual(model);
  });
  test('are promoted by a platform that does not know operations', async () => {
    const refusal = { status: 400, json: { message: 'unknown field "async_promotion"' } };
    const { trainerJobs } = await given({ [PROMOTE]: [refusal, { json: { model } }] });
    await trainerJobs.promoteCheckpoint(promotion);
    expect(server?.bodies('promote')).toEqual([{ ...body, async_promotion: true }, body]);
  });
  test('whose promotion fails say why', async () => {
    const done = { name: 'accounts/acme/operations/op1', done: true, error: { message: 'not found in GCS' } };
    const { trainerJobs } = await given({ [PROMOTE]: { json: { operation: done } } });
    expect((await failureOf(trainerJobs.promoteCheckpoint(promotion))).message).toContain('not found in GCS');
  });
  test('are not promoted to a name that the platform would choke on', async () => {
    const { trainerJobs } = await given({});
    const bad = trainerJobs.promoteCheckpoint({ ...promotion, outputModel: 'accounts/acme/models/My_Model' });
    expect(await failureOf(bad)).toMatchObject({ type: 'InvalidRequest' });
    expect(calls()).toEqual([]);
  });
});

describe('deployments', () => {
  const shape = 'accounts/fireworks/deploymentShapes/rft/versions/v3';
  const wanted = { id: 'roll', baseModel: MODEL, shape, trainerId: 'mine', replicas: 1 };
  const row = (state: string, more: object = {}): Reply => ({
    json: {
      name: 'accounts/acme/deployments/roll',
      state,
      baseModel: MODEL,
      deploymentShape: shape,
      hotLoadTrainerJob: 'accounts/acme/rlorTrainerJobs/mine',
      hotLoadTransitionType: 'SYNC',
      desiredReplicaCount: 1,
      ...more,
    },
  });

  test('that failed are deleted and created anew', async () => {
    const { deployments } = await given({
      [`GET ${DEPLOYMENT}`]: [row('FAILED'), row('DELETING'), row('DELETING'), { status: 404 }],
      [`DELETE ${DEPLOYMENT}`]: { json: {} },
      'POST /v1/accounts/acme/deployments': row('CREATING'),
    });
    expect(await deployments.createOrGet(wanted)).toMatchObject({ phase: 'starting' });
    expect(calls().map((call) => call.split(' ')[0])).toEqual(['GET', 'DELETE', 'GET', 'GET', 'GET', 'POST']);
  });
  test('that fit are reused', async () => {
    const { deployments } = await given({ GET: row('READY'), POST: { status: 409 } });
    expect(await deployments.createOrGet(wanted)).toMatchObject({ phase: 'serving', transition: 'SYNC' });
  });
  test('are ready as soon as they answer, though still in creation', async () => {
    const { deployments } = await given({ GET: row('CREATING'), completions: [{ status: 503 }, { json: {} }] });
    expect(await deployments.waitReady('roll')).toMatchObject({ state: 'CREATING', phase: 'serving' });
  });
  test('that fail, or are not ready in time, say so', async () => {
    const { deployments } = await given({
      GET: [row('CREATING'), row('FAILED', { status: { message: 'no image' } })],
      completions: { status: 503 },
    });
    expect(await failureOf(deployments.waitReady('roll'))).toMatchObject({
      type: 'LostTrainer',
      message: expect.stringContaining('no image'),
    });
    await fireworks?.close();
    await server?.close();
    const slow = await given({ GET: row('CREATING'), completions: { status: 503 } });
    expect(await failureOf(slow.deployments.waitReady('roll', { timeoutMs: 10 }))).toMatchObject({
      type: 'Unavailable',
    });
  });
  test('are re-attached under a mask of what changes, and waited for', async () => {
    const other = { hotLoadTrainerJob: 'accounts/acme/rlorTrainerJobs/other' };
    const { deployments } = await given({
      [`GET ${DEPLOYMENT}`]: [row('READY'), row('UPDATING', other), row('READY'), row('READY', other)],
      [`PATCH ${DEPLOYMENT}`]: { json: {} },
    });
    expect(await deployments.reattach('roll', 'other', { transition: 'SYNC' })).toMatchObject({
      trainer: 'accounts/acme/rlorTrainerJobs/other',
    });
    expect(server?.to('PATCH')).toMatchObject([{ query: { updateMask: 'hot_load_trainer_job' } }]);
    expect(server?.bodies('PATCH')).toEqual([other]);
    expect(server?.to('GET')).toHaveLength(4);
  });
  test('are not re-attached to what they follow already, or to another shape', async () => {
    const { deployments } = await given({ GET: row('READY') });
    await deployments.reattach('roll', 'mine');
    const other = deployments.reattach('roll', 'other', {
      shape: 'accounts/fireworks/deploymentShapes/big/versions/v1',
    });
    expect(await failureOf(other)).toMatchObject({ type: 'InvalidRequest' });
    expect(server?.to('PATCH')).toEqual([]);
  });
  test('are scaled, undeleted, and forget what was loaded', async () => {
    const { deployments } = await given({ PATCH: { json: {} }, POST: { json: {} }, DELETE: { json: {} } });
    await deployments.scale('roll', 0);
    await deployments.undelete('roll');
    await deployments.resetLedger('roll');
    expect(calls()).toEqual([`PATCH ${DEPLOYMENT}`, `POST ${DEPLOYMENT}:undelete`, `DELETE ${DEPLOYMENT}/ledger`]);
    expect(server?.received[0]?.query).toEqual({ updateMask: 'max_replica_count,min_replica_count' });
  });
});
