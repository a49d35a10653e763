import { afterEach, describe, expect, test } from '@jest/globals';
import type { FireworksConfig } from '../../activities/backends/fireworks/index.ts';
import type { Backend, TrainerRequest } from '../../activities/ports.ts';
import {
  API_KEY,
  failureOf,
  never,
  startPlatform,
  type Platform,
  type Reply,
  type Script,
} from './scripted-platform.ts';

const SHAPE = 'accounts/fireworks/trainingShapes/ts-demo-8b';
const MODEL = 'accounts/fireworks/models/demo-8b';
const JOBS = '/v1/accounts/acme/rlorTrainerJobs';
const DEPLOYMENTS = '/v1/accounts/acme/deployments';

const version = {
  name: `${SHAPE}/versions/v9`,
  snapshot: {
    baseModel: MODEL,
    trainerMode: 'POLICY_TRAINER',
    maxSupportedContextLength: 32_768,
    nodeCount: 1,
    acceleratorType: 'NVIDIA_H200_141GB',
    acceleratorCount: 8,
    deploymentShapeVersion: 'accounts/fireworks/deploymentShapes/rft-demo-8b/versions/v3',
  },
  somethingNew: { later: true },
};

const trainer: TrainerRequest = {
  id: 'run42-policy',
  shape: SHAPE,
  baseModel: MODEL,
  loraRank: 0,
  learningRate: 0.00001,
  displayName: 'run42 policy',
};

const deployment = {
  id: 'run42-rollout',
  baseModel: MODEL,
  shape: 'accounts/fireworks/deploymentShapes/rft-demo-8b/versions/v3',
  trainerId: 'run42-policy',
  replicas: 2,
  description: 'pawl run42',
};

let platform: Platform | undefined;

async function given(script: Script, config: Partial<FireworksConfig> = {}): Promise<Platform> {
  platform = await startPlatform(script, config);
  return platform;
}

afterEach(async () => {
  await platform?.close();
  platform = undefined;
});

describe('account', () => {
  const unnamed = { account: undefined } as unknown as Partial<FireworksConfig>;

  test('is the only one that the key sees, asked for once', async () => {
    const { backend, to } = await given(
      { '/v1/accounts': { json: { accounts: [{ name: 'accounts/acme' }] } } },
      unnamed,
    );
    expect(await backend.provisioner.account(never())).toBe('acme');
    expect(await backend.provisioner.account(never())).toBe('acme');
    expect(to('GET /v1/accounts')).toMatchObject([{ path: '/v1/accounts', query: { pageSize: '2' } }]);
  });
  test('none is an error with the remedy', async () => {
    const { backend } = await given({ '/v1/accounts': { json: { accounts: [] } } }, unnamed);
    expect(await failureOf(backend.provisioner.account(never()))).toMatchObject({ type: 'InvalidRequest' });
  });
  test('an answer without a list does not say that there is none', async () => {
    const accounts = [{ name: 'accounts/acme' }];
    const { backend } = await given({ '/v1/accounts': [{ json: {} }, { json: { accounts } }] }, unnamed);
    expect(await backend.provisioner.account(never())).toBe('acme');
  });
  test('several is an error with the remedy', async () => {
    const accounts = [{ name: 'accounts/a' }, { name: 'accounts/b' }];
    const { backend } = await given({ '/v1/accounts': { json: { accounts } } }, unnamed);
    expect(await failureOf(backend.provisioner.account(never()))).toMatchObject({
      type: 'InvalidRequest',
      message: expect.stringContaining('FIREWORKS_ACCOUNT_ID'),
    });
  });
  test('both authentication headers are sent', async () => {
    const { backend, received } = await given(
      { '/v1/accounts': { json: { accounts: [{ name: 'accounts/a' }] } } },
      unnamed,
    );
    await backend.provisioner.account(never());
    expect(received[0]?.headers).toMatchObject({ 'x-api-key': API_KEY, authorization: `Bearer ${API_KEY}` });
  });
});

describe('shape', () => {
  test('without a version is its latest validated one', async () => {
    const { backend, received } = await given({
      [`/${SHAPE}/versions`]: { json: { trainingShapeVersions: [version] } },
    });
    expect(await backend.provisioner.resolveShape(SHAPE, never())).toEqual({
      reference: `${SHAPE}/versions/v9`,
      baseModel: MODEL,
      maxContextTokens: 32_768,
      acceleratorType: 'NVIDIA_H200_141GB',
      acceleratorCount: 8,
      deploymentShape: 'accounts/fireworks/deploymentShapes/rft-demo-8b/versions/v3',
    });
    expect(received).toMatchObject([
      { method: 'GET', path: `/v1/${SHAPE}/versions`, query: { filter: 'latest_validated=true', pageSize: '1' } },
    ]);
  });
  test('with a version is that one', async () => {
    const { backend, received } = await given({ '/versions/v9': { json: version } });
    expect(await backend.provisioner.resolveShape(`${SHAPE}/versions/v9`, never())).toMatchObject({ baseModel: MODEL });
    expect(received).toMatchObject([{ path: `/v1/${SHAPE}/versions/v9`, query: {} }]);
  });
  test.each([
    ['unknown', { status: 404, json: { code: 5, message: 'not found' } }, 'model.shape'],
    ['never validated', { json: { trainingShapeVersions: [] } }, 'no validated version'],
    [
      'forward-only',
      { json: { trainingShapeVersions: [withSnapshot({ trainerMode: 'FORWARD_ONLY' })] } },
      'cannot train',
    ],
    [
      'without a deployment shape',
      { json: { trainingShapeVersions: [withSnapshot({ deploymentShapeVersion: '' })] } },
      'serve',
    ],
  ])('%s is an invalid request', async (_, reply, text) => {
    const { backend } = await given({ [`/${SHAPE}/versions`]: reply });
    expect(await failureOf(backend.provisioner.resolveShape(SHAPE, never()))).toMatchObject({
      type: 'InvalidRequest',
      message: expect.stringContaining(text),
    });
  });
  test.each(['ts-demo-8b', `${SHAPE}/`, `${SHAPE}/versions/`, 'accounts/../trainingShapes/x'])(
    '%s is refused before anything is sent',
    async (shape) => {
      const { backend, received } = await given({});
      expect(await failureOf(backend.provisioner.resolveShape(shape, never()))).toMatchObject({
        type: 'InvalidRequest',
      });
      expect(received).toEqual([]);
    },
  );
});

describe('trainer', () => {
  test('is created under its planned id', async () => {
    const { backend, received } = await given({
      [`POST ${JOBS}`]: { json: { name: 'x', state: 'JOB_STATE_CREATING', status: { code: 'OK', message: '' } } },
    });
    expect(await backend.provisioner.createTrainer(trainer, never())).toMatchObject({
      id: 'run42-policy',
      state: 'JOB_STATE_CREATING',
      phase: 'starting',
    });
    expect(received).toMatchObject([{ path: JOBS, query: { trainingShape: SHAPE, rlorTrainerJobId: 'run42-policy' } }]);
    expect(JSON.parse(received[0]?.text ?? '')).toEqual({
      serviceMode: true,
      keepAlive: false,
      dataset: '',
      trainingConfig: { baseModel: MODEL, loraRank: 0, learningRate: 0.00001 },
      useReservation: true,
      displayName: 'run42 policy',
      inactivityTimeout: '3600s',
    });
  });
  test('created by an attempt whose answer was lost is adopted', async () => {
    const job = {
      name: 'x',
      state: 'JOB_STATE_PENDING',
      statusMessage: 'waiting for GPUs',
      trainingConfig: { baseModel: MODEL },
    };
    const { backend, to } = await given({
      [`POST ${JOBS}`]: ['reset', { status: 409, json: { code: 6, message: 'already exists' } }],
      [`GET ${JOBS}/run42-policy`]: { json: job },
    });
    expect(await backend.provisioner.createTrainer(trainer, never())).toMatchObject({
      id: 'run42-policy',
      state: 'JOB_STATE_PENDING',
      phase: 'waiting-for-capacity',
      detail: 'waiting for GPUs',
    });
    const [first, second] = to('POST');
    expect(second?.text).toBe(first?.text);
  });
  test.each([
    ['a tombstone', { name: 'x', state: 'JOB_STATE_DELETED', trainingConfig: { baseModel: MODEL } }, 'start a new run'],
    [
      'another base model',
      { name: 'x', state: 'JOB_STATE_RUNNING', trainingConfig: { baseModel: 'other' } },
      'another configuration',
    ],
    [
      'another LoRA rank',
      { name: 'x', state: 'JOB_STATE_RUNNING', trainingConfig: { baseModel: MODEL, loraRank: '16' } },
      'rank 16',
    ],
  ])('is not adopted: %s', async (_, job, text) => {
    const { backend } = await given({ [`POST ${JOBS}`]: { status: 409 }, [`GET ${JOBS}`]: { json: job } });
    expect(await failureOf(backend.provisioner.createTrainer(trainer, never()))).toMatchObject({
      type: 'InvalidRequest',
      message: expect.stringContaining(text),
    });
  });
  test.each([
    ['JOB_STATE_RUNNING', 'running'],
    ['JOB_STATE_PENDING', 'waiting-for-capacity'],
    ['JOB_STATE_RE_QUEUEING', 'starting'],
    ['JOB_STATE_FAILED', 'ended'],
    ['JOB_STATE_PAUSED', 'ended'],
    ['JOB_STATE_ARCHIVED', 'deleted'],
    ['JOB_STATE_OF_TOMORROW', 'starting'],
  ])('in %s is %s', async (state, phase) => {
    const { backend } = await given({ [JOBS]: { json: { name: 'x', state } } });
    expect(await backend.provisioner.getTrainer('x', never())).toMatchObject({ state, phase });
  });
  test('that is not there is undefined', async () => {
    const { backend } = await given({ [JOBS]: { status: 404 } });
    expect(await backend.provisioner.getTrainer('x', never())).toBeUndefined();
  });
  test('is deleted once or twice', async () => {
    const { backend, to } = await given({
      [`DELETE ${JOBS}/x`]: [{ json: {} }, { status: 404 }],
      [`GET ${JOBS}/x`]: [{ json: { name: 'x', state: 'JOB_STATE_DELETED' } }, { status: 404 }],
    });
    await backend.provisioner.deleteTrainer('x', never());
    await backend.provisioner.deleteTrainer('x', never());
    expect(to('DELETE')).toHaveLength(2);
  });
  test('is looked at after its deletion, which may take a moment to be seen', async () => {
    const states = ['RUNNING', 'RUNNING', 'DELETING'].map((state) => ({
      json: { name: 'x', state: `JOB_STATE_${state}` },
    }));
    const { backend, to } = await given({ DELETE: { json: {} }, GET: states });
    await backend.provisioner.deleteTrainer('x', never());
    expect(to('GET')).toHaveLength(3);
  });
  test.each<[string, (backend: Backend) => Promise<void>, object]>([
    ['trainer x', (backend) => backend.provisioner.deleteTrainer('x', never()), { state: 'JOB_STATE_RUNNING' }],
    ['deployment x', (backend) => backend.provisioner.deleteDeployment('x', never()), { state: 'READY' }],
  ])('that goes on after its deletion is said to cost: %s', async (what, remove, state) => {
    const script = { DELETE: { json: {} }, GET: { json: { name: 'x', ...state } } };
    const { backend } = await given(script, { polls: { deletionSeenMs: 5 } });
    expect(await failureOf(remove(backend))).toMatchObject({
      type: 'Unavailable',
      message: expect.stringMatching(new RegExp(`agreed to delete ${what}.*it goes on costing`)),
    });
  });
  test.each<[string, Reply]>([
    ['an answer without anything', { json: {} }],
    ['a name that is no text', { json: { name: 5, state: 'JOB_STATE_RUNNING' } }],
    ['no state', { json: { name: 'x' } }],
    ['torn JSON', { text: '{"name": "x", "sta' }],
    ['a page of a proxy', { text: '<html>' }],
  ])('is asked about again after %s', async (_, bad) => {
    const good = { json: { name: 'x', state: 'JOB_STATE_RUNNING' } };
    const { backend, to } = await given({ [JOBS]: [bad, good] });
    expect(await backend.provisioner.getTrainer('x', never())).toMatchObject({ phase: 'running' });
    expect(to('GET')).toHaveLength(2);
  });
  test('of which nothing can be read, however often, is neither gone nor failed', async () => {
    const { backend, to } = await given({ [JOBS]: { json: {} } });
    expect(await failureOf(backend.provisioner.getTrainer('x', never()))).toMatchObject({ type: 'Unavailable' });
    expect(to('GET').length).toBeGreaterThan(3);
  });
  test('that exists, of a model that is not told, is not judged', async () => {
    const { backend } = await given({
      [`POST ${JOBS}`]: { status: 409, json: {} },
      [`GET ${JOBS}`]: { json: { name: 'x', state: 'JOB_STATE_RUNNING' } },
    });
    expect(await failureOf(backend.provisioner.createTrainer(trainer, never()))).toMatchObject({ type: 'Unavailable' });
  });
});

describe('deployment', () => {
  const row = {
    name: 'accounts/acme/deployments/d',
    state: 'READY',
    baseModel: MODEL,
    deploymentShape: 'accounts/fireworks/deploymentShapes/rft-demo-8b/versions/v4',
    hotLoadTrainerJob: 'accounts/acme/rlorTrainerJobs/run42-policy',
    desiredReplicaCount: 2,
    replicaCount: 1,
  };

  test('is created linked to its trainer', async () => {
    const { backend, received } = await given({ [`POST ${DEPLOYMENTS}`]: { json: { ...row, state: 'CREATING' } } });
    expect(await backend.provisioner.createDeployment(deployment, never())).toMatchObject({
      id: 'run42-rollout',
      state: 'CREATING',
      phase: 'starting',
      baseModel: MODEL,
      replicas: 2,
    });
    expect(received).toMatchObject([{ path: DEPLOYMENTS, query: { deploymentId: 'run42-rollout' } }]);
    expect(JSON.parse(received[0]?.text ?? '')).toEqual({
      baseModel: MODEL,
      description: 'pawl run42',
      minReplicaCount: 2,
      maxReplicaCount: 2,
      enableHotLoad: true,
      forTraining: true,
      hotLoadBucketType: 'FW_HOSTED',
      hotLoadTrainerJob: 'accounts/acme/rlorTrainerJobs/run42-policy',
      hotLoadTransitionType: 'SYNC',
      deploymentShape: 'accounts/fireworks/deploymentShapes/rft-demo-8b/versions/v3',
    });
  });
  test('that exists is adopted, whatever the version of its shape', async () => {
    const { backend } = await given({
      [`POST ${DEPLOYMENTS}`]: { status: 409 },
      [`GET ${DEPLOYMENTS}`]: { json: row },
    });
    expect(await backend.provisioner.createDeployment(deployment, never())).toMatchObject({ phase: 'serving' });
  });
  test.each([
    ['FAILED', { ...row, state: 'FAILED', status: { code: 'INTERNAL', message: 'no image' } }, 'FAILED: no image'],
    ['DELETED', { ...row, state: 'DELETED' }, 'DELETED'],
    ['of another trainer', { ...row, hotLoadTrainerJob: 'accounts/acme/rlorTrainerJobs/other' }, 'another trainer'],
    ['of another model', { ...row, baseModel: 'other' }, 'another base model'],
    ['of another shape', { ...row, deploymentShape: 'accounts/f/deploymentShapes/z' }, 'another shape'],
  ])('that exists is not adopted: %s', async (_, existing, text) => {
    const { backend } = await given({
      [`POST ${DEPLOYMENTS}`]: { status: 409 },
      [`GET ${DEPLOYMENTS}`]: { json: existing },
    });
    expect(await failureOf(backend.provisioner.createDeployment(deployment, never()))).toMatchObject({
      type: 'InvalidRequest',
      message: expect.stringContaining(text),
    });
  });
  test.each([
    [200, 'serving'],
    [503, 'starting'],
  ])('in creation whose probe answers %d is %s', async (status, phase) => {
    const { backend, bodies } = await given({
      [`GET ${DEPLOYMENTS}`]: { json: { ...row, state: 'CREATING' } },
      'POST /inference/v1/completions': { status, json: {} },
    });
    expect(await backend.provisioner.getDeployment('d', never())).toMatchObject({ state: 'CREATING', phase });
    expect(bodies('/completions')).toEqual([
      { model: 'accounts/acme/deployments/d', prompt: [1, 2], max_tokens: 4, temperature: 0 },
    ]);
  });
  test('is scaled under a mask', async () => {
    const { backend, received } = await given({ [`PATCH ${DEPLOYMENTS}/d`]: { json: {} } });
    await backend.provisioner.scaleDeployment('d', 0, never());
    expect(received).toMatchObject([{ query: { updateMask: 'max_replica_count,min_replica_count' } }]);
    expect(JSON.parse(received[0]?.text ?? '')).toEqual({ maxReplicaCount: 0, minReplicaCount: 0 });
  });
  test('scaled to zero has no replicas, though zeros are left out', async () => {
    const { backend } = await given({ [DEPLOYMENTS]: { json: { name: 'd', state: 'READY', baseModel: MODEL } } });
    expect(await backend.provisioner.getDeployment('d', never())).toMatchObject({ replicas: 0 });
  });
  test('is deleted once or twice', async () => {
    const { backend, to } = await given({
      [`DELETE ${DEPLOYMENTS}/d`]: [{ json: {} }, { status: 404 }],
      [`GET ${DEPLOYMENTS}/d`]: { status: 404 },
    });
    await backend.provisioner.deleteDeployment('d', never());
    await backend.provisioner.deleteDeployment('d', never());
    expect(to('DELETE')[0]).toMatchObject({ query: { ignoreChecks: 'true', hard: 'true' } });
  });
});

function withSnapshot(changes: Partial<typeof version.snapshot>): typeof version {
  return { ...version, snapshot: { ...version.snapshot, ...changes } };
}
