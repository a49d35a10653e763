import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import {
  DATA,
  Deployed,
  NANO,
  NANO_DEPLOYMENT_SHAPE,
  NANO_SHAPE,
  Sandbox,
  startTrainer,
  waitForJob,
  type Answer,
  type Json,
} from './harness.ts';

const JOBS = '/v1/accounts/sandbox/rlorTrainerJobs';
const DEPLOYMENTS = '/v1/accounts/sandbox/deployments';

describe('control plane', () => {
  let sandbox: Sandbox;

  beforeAll(async () => {
    sandbox = await Sandbox.start();
  });
  afterAll(async () => {
    await sandbox.close();
  });

  function createJob(id: string, training: Json = {}, query: Json = {}): Promise<Answer> {
    const params = new URLSearchParams({ rlorTrainerJobId: id, trainingShape: NANO_SHAPE, ...query });
    return sandbox.call('POST', `${JOBS}?${params.toString()}`, { trainingConfig: { baseModel: NANO, ...training } });
  }

  test('there is one account', async () => {
    const body = await sandbox.ok<{ accounts: Json[] }>('GET', '/v1/accounts?pageSize=2');
    expect(body.accounts.map(({ name }) => name)).toEqual(['accounts/sandbox']);
  });

  test('a shape resolves to its latest version, which resolves to itself', async () => {
    const list = await sandbox.ok<{ trainingShapeVersions: Json[] }>(
      'GET',
      `/v1/${NANO_SHAPE}/versions?filter=latest_validated%3Dtrue&pageSize=1`,
    );
    const version = list.trainingShapeVersions[0];
    expect(version).toMatchObject({
      name: `${NANO_SHAPE}/versions/v1`,
      snapshot: {
        baseModel: NANO,
        trainerMode: 'POLICY_TRAINER',
        maxSupportedContextLength: 32,
        deploymentShapeVersion: NANO_DEPLOYMENT_SHAPE,
      },
    });
    expect(await sandbox.ok('GET', `/v1/${NANO_SHAPE}/versions/v1`)).toEqual(version);
    expect((await sandbox.call('GET', `/v1/${NANO_SHAPE}/versions/v7`)).body).toMatchObject({ code: 5, details: [] });
  });

  test('a trainer is created once, runs, and leaves a tombstone', async () => {
    const created = await createJob('job-c');
    expect(created).toMatchObject({
      status: 200,
      body: { name: `${JOBS.slice(4)}/job-c`, state: 'JOB_STATE_CREATING' },
    });
    expect(await createJob('job-c')).toMatchObject({ status: 409, body: { code: 6 } });
    await waitForJob(sandbox, 'job-c', 'JOB_STATE_RUNNING');
    expect((await sandbox.call('GET', '/training/v1/rlorTrainerJobs/sandbox/job-c/api/v1/healthz')).status).toBe(200);

    for (let repeat = 0; repeat < 2; repeat++) expect((await sandbox.call('DELETE', `${JOBS}/job-c`)).status).toBe(200);
    expect(await sandbox.ok('GET', `${JOBS}/job-c`)).toMatchObject({ state: 'JOB_STATE_DELETED' });
    expect((await sandbox.call('GET', '/training/v1/rlorTrainerJobs/sandbox/job-c/api/v1/healthz')).status).toBe(404);
    expect((await createJob('job-c')).status).toBe(409);
    expect((await sandbox.call('POST', `${JOBS}/job-c:resume`)).status).toBe(400);
    const { rlorTrainerJobs } = await sandbox.ok<{ rlorTrainerJobs: Json[] }>('GET', `${JOBS}?pageSize=200`);
    expect(rlorTrainerJobs.map(({ name }) => name)).not.toContain(`${JOBS.slice(4)}/job-c`);
    expect((await sandbox.call('DELETE', `${JOBS}/never`)).status).toBe(404);
  });

  test('a cancelled trainer can be resumed', async () => {
    await startTrainer(sandbox, 'job-x');
    expect(await sandbox.ok('POST', `${JOBS}/job-x:cancel`)).toMatchObject({ state: 'JOB_STATE_CANCELLING' });
    await waitForJob(sandbox, 'job-x', 'JOB_STATE_CANCELLED');
    expect((await sandbox.call('POST', `${JOBS}/job-x:cancel`)).status).toBe(400);
    await sandbox.ok('POST', `${JOBS}/job-x:resume`);
    await waitForJob(sandbox, 'job-x', 'JOB_STATE_RUNNING');
    await sandbox.ok('DELETE', `${JOBS}/job-x`);
  });

  test('a trainer that makes no sense is refused', async () => {
    expect((await createJob('job-n', { baseModel: 'accounts/fireworks/models/none' })).status).toBe(400);
    expect((await createJob('job-n', { loraRank: 8 })).status).toBe(400);
    expect((await createJob('job-n', {}, { trainingShape: 'accounts/fireworks/trainingShapes/none' })).status).toBe(
      403,
    );
    expect((await createJob('../escape')).status).toBe(400);
    expect((await sandbox.call('GET', `${JOBS}/job-n`)).status).toBe(404);
  });

  test('checkpoint rows tell their type, oldest first, and outlive the trainer', async () => {
    const model = await (await startTrainer(sandbox, 'job-r')).model();
    await model.step(DATA);
    await model.save('state-1');
    await model.snapshot('snap-1', 'base');
    await model.snapshot('snap-2', 'delta');
    const resumable = await sandbox.ok('GET', `${model.trainer.base}/list_checkpoints`);
    expect(resumable).toEqual({ checkpoints: ['state-1'] });
    await sandbox.ok('DELETE', `${JOBS}/job-r`);
    const { checkpoints } = await sandbox.ok<{ checkpoints: Json[] }>('GET', `${JOBS}/job-r/checkpoints?pageSize=200`);
    expect(checkpoints.map(({ name, checkpointType, promotable }) => [name, checkpointType, promotable])).toEqual([
      [`${JOBS.slice(4)}/job-r/checkpoints/state-1`, 'CHECKPOINT_TYPE_TRAINING', false],
      [`${JOBS.slice(4)}/job-r/checkpoints/snap-1`, 'CHECKPOINT_TYPE_INFERENCE_BASE', true],
      [`${JOBS.slice(4)}/job-r/checkpoints/snap-2`, 'CHECKPOINT_TYPE_INFERENCE_ARC_V2', false],
    ]);
  });

  test('a deployment scales by mask, and is gone after a hard delete', async () => {
    await startTrainer(sandbox, 'job-p');
    const deployed = await Deployed.create(sandbox, 'dep-p', 'job-p');
    expect(await deployed.get()).toMatchObject({
      state: 'READY',
      hotLoadTrainerJob: 'accounts/sandbox/rlorTrainerJobs/job-p',
      replicaCount: 1,
      replicaStats: { readyReplicaCount: 1 },
    });
    const again = { baseModel: NANO, deploymentShape: NANO_DEPLOYMENT_SHAPE };
    expect((await sandbox.call('POST', `${DEPLOYMENTS}?deploymentId=dep-p`, again)).status).toBe(409);

    const mask = `${DEPLOYMENTS}/dep-p?updateMask=max_replica_count,min_replica_count`;
    await sandbox.ok('PATCH', mask, { minReplicaCount: 2, maxReplicaCount: 2, description: 'not in the mask' });
    await deployed.waitFor('READY');
    expect(await deployed.get()).toMatchObject({
      replicaCount: 2,
      replicaStats: { readyReplicaCount: 2 },
      description: '',
    });
    await sandbox.ok('PATCH', mask, { minReplicaCount: 0, maxReplicaCount: 0 });
    expect(await deployed.get()).toMatchObject({ replicaCount: 0, desiredReplicaCount: 0 });
    expect((await deployed.complete([3])).status).toBe(503);
    expect((await sandbox.call('PATCH', `${DEPLOYMENTS}/dep-p?updateMask=state`, { state: 'READY' })).status).toBe(400);

    await sandbox.ok('DELETE', `${DEPLOYMENTS}/dep-p?ignoreChecks=true&hard=true`);
    expect((await sandbox.call('GET', `${DEPLOYMENTS}/dep-p`)).status).toBe(404);
    expect((await deployed.complete([3])).status).toBe(404);
  });

  test('a deployment that is attached to another trainer starts again from the base model', async () => {
    const model = await (await startTrainer(sandbox, 'job-m')).model();
    await model.snapshot('m-1', 'base');
    const other = await (await startTrainer(sandbox, 'job-o')).model();
    await other.snapshot('o-1', 'base');
    const deployed = await Deployed.create(sandbox, 'dep-m', 'job-m');
    await deployed.sync('m-1');
    const hotLoadTrainerJob = 'accounts/sandbox/rlorTrainerJobs/job-o';
    const path = `${DEPLOYMENTS}/dep-m?updateMask=hot_load_trainer_job`;
    expect(
      (await sandbox.call('PATCH', path, { hotLoadTrainerJob: 'accounts/sandbox/rlorTrainerJobs/none' })).status,
    ).toBe(404);
    await sandbox.ok('PATCH', path, { hotLoadTrainerJob });
    await deployed.waitFor('READY');
    expect(await deployed.get()).toMatchObject({ hotLoadTrainerJob });
    expect((await deployed.status())[0]?.current_snapshot_identity).toBeUndefined();
    expect((await deployed.sync('m-1'))[0]?.loading_state.stage).toBe('error');
    expect((await deployed.sync('o-1'))[0]?.current_snapshot_identity).toBe('o-1');
    await sandbox.ok('DELETE', `${DEPLOYMENTS}/dep-m?hard=true`);
    for (const id of ['job-m', 'job-o']) await sandbox.ok('DELETE', `${JOBS}/${id}`);
  });

  test('what is rented is known', async () => {
    await startTrainer(sandbox, 'job-l');
    await Deployed.create(sandbox, 'dep-l', 'job-l');
    const rented = async (): Promise<Json> => (await sandbox.ok<{ rented: Json }>('GET', '/sandbox/v1/ledger')).rented;
    expect(await rented()).toMatchObject({
      trainerJobs: expect.arrayContaining(['accounts/sandbox/rlorTrainerJobs/job-l']),
      deployments: [{ name: 'accounts/sandbox/deployments/dep-l', replicas: 1 }],
    });
    await sandbox.ok('PATCH', `${DEPLOYMENTS}/dep-l`, { maxReplicaCount: 0, minReplicaCount: 0 });
    for (const id of ['job-l', 'job-p']) await sandbox.ok('DELETE', `${JOBS}/${id}`);
    expect(await rented()).toEqual({ trainerJobs: [], deployments: [] });
  });
});
