/** A platform whose disk takes nothing for a while: what it cannot write down is asked for again, or written later. */
import { mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { NANO, NANO_DEPLOYMENT_SHAPE, Sandbox, startTrainer, until, waitForJob, type Json } from './harness.ts';

const JOBS = '/v1/accounts/sandbox/rlorTrainerJobs';
const DEPLOYMENTS = '/v1/accounts/sandbox/deployments';
let sandbox: Sandbox;

beforeEach(async () => {
  sandbox = await Sandbox.start(undefined, ['--startup-ms', '300']);
});

afterEach(async () => {
  await sandbox?.close();
});

/** Root writes whatever the permissions say; nobody writes into a file as if it were a folder. */
function refuseWrites(folder: string): () => void {
  const path = join(sandbox.state, folder);
  mkdirSync(path, { recursive: true });
  renameSync(path, `${path}.away`);
  writeFileSync(path, '');
  return () => {
    rmSync(path);
    renameSync(`${path}.away`, path);
  };
}

async function createJob(id: string): Promise<number> {
  const { status } = await sandbox.call('POST', `${JOBS}?rlorTrainerJobId=${id}`, {
    trainingConfig: { baseModel: NANO },
  });
  return status;
}

async function createDeployment(id: string): Promise<number> {
  const body = { baseModel: NANO, deploymentShape: NANO_DEPLOYMENT_SHAPE, minReplicaCount: 1, maxReplicaCount: 1 };
  return (await sandbox.call('POST', `${DEPLOYMENTS}?deploymentId=${id}`, body)).status;
}

const stateOf = (id: string): unknown =>
  (JSON.parse(readFileSync(join(sandbox.state, 'jobs', `${id}.json`), 'utf8')) as Json)['state'];

test('what could not be written down is not there, and may be asked for again', async () => {
  const [jobs, deployments] = [refuseWrites('jobs'), refuseWrites('deployments')];
  expect([await createJob('one'), await createDeployment('one')]).toEqual([500, 500]);
  expect((await sandbox.call('GET', `${JOBS}/one`)).status).toBe(404);
  expect((await sandbox.call('GET', `${DEPLOYMENTS}/one`)).status).toBe(404);
  jobs();
  deployments();
  expect([await createJob('one'), await createDeployment('one')]).toEqual([200, 200]);
  await waitForJob(sandbox, 'one', 'JOB_STATE_RUNNING');
});

test('a trainer that starts, and ends, meanwhile does so all the same, and is written down later', async () => {
  expect(await createJob('two')).toBe(200);
  const restore = refuseWrites('jobs');
  await waitForJob(sandbox, 'two', 'JOB_STATE_RUNNING');
  restore();
  await until(
    async () => stateOf('two'),
    (state) => state === 'JOB_STATE_RUNNING',
  );
  const again = refuseWrites('jobs');
  await sandbox.ok('DELETE', `${JOBS}/two`);
  expect(await sandbox.ok('GET', `${JOBS}/two`)).toMatchObject({ state: 'JOB_STATE_DELETED' });
  again();
  await until(
    async () => stateOf('two'),
    (state) => state === 'JOB_STATE_DELETED',
  );
});

test('a checkpoint that could not be written down is not there either, and another can be saved', async () => {
  const trainer = await startTrainer(sandbox, 'three');
  const model = await trainer.model();
  const checkpoints = async (): Promise<unknown[]> => {
    const { checkpoints: rows } = await sandbox.ok<{ checkpoints?: unknown[] }>('GET', `${JOBS}/three/checkpoints`);
    return rows ?? [];
  };
  const restore = refuseWrites('jobs');
  expect(JSON.stringify(await model.save('kept'))).toContain('error');
  expect(await checkpoints()).toEqual([]);
  restore();
  await model.save('again');
  expect(await checkpoints()).toMatchObject([{ name: expect.stringContaining('again') }]);
});
