import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { Sessions, type Session } from '../../sandbox/trainer/sessions.ts';
import { DATA, Deployed, NANO, Sandbox, startTrainer, waitForJob, type Json } from './harness.ts';

const JOBS = '/v1/accounts/sandbox/rlorTrainerJobs';

describe('sessions', () => {
  let now = 0;
  let busy = false;
  const expired: Session[] = [];
  const sessions = new Sessions({
    lifetimeMs: 100,
    isBusy: () => busy,
    onExpired: (session) => expired.push(session),
    now: () => now,
  });

  test('live for as long as they are heard of or have work in hand', () => {
    const { id } = sessions.create();
    now = 100;
    expect(sessions.get(id).id).toBe(id);
    now = 200;
    sessions.sweep();
    expect(sessions.get(id).id).toBe(id);
    [now, busy] = [1000, true];
    sessions.sweep();
    expect(expired).toEqual([]);
    busy = false;
    expect(() => sessions.get(id)).toThrow('was not found');
    expect(expired.map((session) => session.id)).toEqual([id]);
    sessions.sweep();
    expect(expired).toHaveLength(1);
  });
});

describe('lifetimes on the wire', () => {
  let sandbox: Sandbox;

  beforeAll(async () => {
    sandbox = await Sandbox.start(undefined, [
      '--session-seconds',
      '0.8',
      '--max-trainers',
      '3',
      '--capacity',
      '2',
      '--max-deployments',
      '1',
    ]);
  });
  afterAll(async () => {
    await sandbox.close();
  });

  async function createJob(id: string, extra: Json = {}): Promise<Json & { status: number }> {
    const { status, body } = await sandbox.call('POST', `${JOBS}?rlorTrainerJobId=${id}`, {
      trainingConfig: { baseModel: NANO },
      ...extra,
    });
    return { ...body, status };
  }

  test('a session without heartbeats takes its models along; one with them does not', async () => {
    const trainer = await startTrainer(sandbox, 'job-s');
    const model = await trainer.model();
    const kept = await trainer.session();
    const created = await trainer.run('create_model', { session_id: kept, model_seq_id: 0, base_model: NANO });
    const alive = { model_id: created['model_id'] };
    // Nobody asks for the first session, while the second is heard of.
    for (let beat = 0; beat < 12; beat++) {
      expect((await trainer.post('session_heartbeat', { session_id: kept })).status).toBe(200);
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
    const forward = { forward_input: { data: DATA, loss_fn: 'cross_entropy' }, seq_id: 1 };
    expect((await trainer.post('forward', { model_id: model.id, ...forward })).status).toBe(404);
    expect(await trainer.run('forward', { ...alive, ...forward })).toHaveProperty('metrics');
    await sandbox.ok('DELETE', `${JOBS}/job-s`);
  });

  test('a trainer that nobody asks for anything is stopped, and can be resumed', async () => {
    expect((await createJob('job-i', { inactivityTimeout: '10801s' })).status).toBe(400);
    await createJob('job-i', { inactivityTimeout: '0.5s' });
    await waitForJob(sandbox, 'job-i', 'JOB_STATE_PAUSED');
    const job = await sandbox.ok<{ status: { message: string } }>('GET', `${JOBS}/job-i`);
    expect(job.status.message).toContain('without activity');
    await sandbox.ok('POST', `${JOBS}/job-i:resume`);
    await waitForJob(sandbox, 'job-i', 'JOB_STATE_RUNNING');
    await sandbox.ok('DELETE', `${JOBS}/job-i`);
  });

  test('beyond capacity a trainer waits, beyond the quota it is refused', async () => {
    for (const id of ['job-1', 'job-2']) await startTrainer(sandbox, id);
    expect((await createJob('job-3')).status).toBe(200);
    await waitForJob(sandbox, 'job-3', 'JOB_STATE_PENDING');
    expect(await createJob('job-4')).toMatchObject({
      status: 429,
      code: 8,
      details: [
        {
          '@type': 'type.googleapis.com/google.rpc.ErrorInfo',
          domain: 'training.fireworks.ai',
          reason: 'TRAINER_QUOTA_EXCEEDED',
          metadata: { version: '1', source: 'lifecycle', quota_available: '0' },
        },
      ],
    });
    expect((await sandbox.call('GET', `${JOBS}/job-4`)).status).toBe(404);
    await sandbox.ok('DELETE', `${JOBS}/job-1`);
    await waitForJob(sandbox, 'job-3', 'JOB_STATE_RUNNING');
    await Deployed.create(sandbox, 'dep-1', 'job-3');
    const second = { baseModel: NANO, acceleratorType: 'NVIDIA_H200_141GB' };
    expect((await sandbox.call('POST', '/v1/accounts/sandbox/deployments?deploymentId=dep-2', second)).status).toBe(
      429,
    );
  });

  test('lists are filtered, ordered and told in pages', async () => {
    const names = async (query: string): Promise<unknown[]> => {
      const { rlorTrainerJobs } = await sandbox.ok<{ rlorTrainerJobs: Json[] }>('GET', `${JOBS}?${query}`);
      return rlorTrainerJobs.map(({ name }) => String(name).split('/').at(-1));
    };
    expect(await names('orderBy=name%20desc')).toEqual(['job-3', 'job-2']);
    expect(
      await names(
        `filter=${encodeURIComponent('state="JOB_STATE_RUNNING" AND name!="accounts/sandbox/rlorTrainerJobs/job-2"')}`,
      ),
    ).toEqual(['job-3']);
    expect(await names(`filter=${encodeURIComponent(`training_config.base_model="${NANO}"`)}&pageSize=1`)).toEqual([
      'job-2',
    ]);
    expect(await names('pageSize=1&pageToken=1')).toEqual(['job-3']);
    expect((await sandbox.call('GET', `${JOBS}?filter=nonsense`)).status).toBe(400);
    expect((await sandbox.call('GET', `${JOBS}?pageSize=1000`)).status).toBe(400);
    const shapes = '/v1/accounts/-/trainingShapes/-/versions';
    const filter = encodeURIComponent(
      `snapshot.base_model="${NANO}" AND snapshot.trainer_mode="LORA_TRAINER" AND latest_validated=true AND public=true`,
    );
    const { trainingShapeVersions } = await sandbox.ok<{ trainingShapeVersions: Json[] }>(
      'GET',
      `${shapes}?filter=${filter}&pageSize=200`,
    );
    expect(trainingShapeVersions).toHaveLength(1);
  });

  test('a deleted deployment can be brought back; a reset of its ledger asks for a whole snapshot', async () => {
    await sandbox.ok('DELETE', `${JOBS}/job-2`);
    const model = await (await startTrainer(sandbox, 'job-5')).model();
    const beat = setInterval(() => void model.trainer.post('get_info', { model_id: model.id }), 100);
    await model.snapshot('u-1', 'base');
    await model.snapshot('u-2', 'delta');
    clearInterval(beat);
    await sandbox.ok('DELETE', '/v1/accounts/sandbox/deployments/dep-1?hard=true');
    const deployed = await Deployed.create(sandbox, 'dep-u', 'job-5');
    await deployed.sync('u-1');
    await sandbox.ok('DELETE', `/v1/${deployed.name}/ledger`);
    expect(await deployed.hotLoad('u-2', 'u-1')).toMatchObject({ status: 400 });
    await deployed.sync('u-1');
    expect((await deployed.sync('u-2', 'u-1'))[0]).toMatchObject({ current_snapshot_identity: 'u-2' });
    await sandbox.ok('DELETE', `/v1/${deployed.name}`);
    expect((await deployed.complete([3])).status).toBe(404);
    await sandbox.ok('POST', `/v1/${deployed.name}:undelete`);
    await deployed.waitFor('READY');
    expect((await deployed.status())[0]?.current_snapshot_identity).toBeUndefined();
    expect((await sandbox.call('POST', `/v1/${deployed.name}:undelete`)).status).toBe(400);
  });
});

describe('rate limits', () => {
  test('say when to come back', async () => {
    const sandbox = await Sandbox.start(undefined, ['--rate-limit', '5']);
    try {
      const answers = await Promise.all(
        Array.from({ length: 12 }, () => fetch(`${sandbox.url}/v1/accounts`, { headers: { 'x-api-key': 'k' } })),
      );
      const limited = answers.filter(({ status }) => status === 429);
      expect(limited.length).toBeGreaterThan(3);
      expect(limited[0]?.headers.get('retry-after')).toBe('1');
      expect((await sandbox.call('GET', '/sandbox/v1/ledger')).status).toBe(200);
    } finally {
      await sandbox.close();
    }
  });
});
