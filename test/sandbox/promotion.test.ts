import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import {
  DATA,
  Deployed,
  NANO,
  NANO_DEPLOYMENT_SHAPE,
  NANO_SHAPE,
  Sandbox,
  Trainer,
  startTrainer,
  until,
  waitForJob,
  type Answer,
  type Json,
  type Model,
} from './harness.ts';

const JOBS = 'accounts/sandbox/rlorTrainerJobs';

describe('promotion', () => {
  let sandbox: Sandbox;
  let model: Model;

  beforeAll(async () => {
    sandbox = await Sandbox.start(undefined, ['--promote-ms', '1500']);
    model = await (await startTrainer(sandbox, 'job-p')).model();
    for (let step = 0; step < 5; step++) await model.step(DATA);
    await model.snapshot('p-base', 'base');
    await model.snapshot('p-delta', 'delta');
  });
  afterAll(async () => {
    await sandbox.close();
  });

  function promote(checkpoint: string, output: string, extra: Json = {}): Promise<Answer> {
    return sandbox.call('POST', `/v1/accounts/sandbox/checkpoints/${checkpoint}:promote`, {
      output_model: `accounts/sandbox/models/${output}`,
      trainer_job_id: `${JOBS}/job-p`,
      base_model: NANO,
      ...extra,
    });
  }

  async function trainerFrom(id: string, baseModel: string, query: Json = {}, loraRank = 0): Promise<Trainer> {
    const params = new URLSearchParams({ rlorTrainerJobId: id, ...query });
    await sandbox.ok('POST', `/v1/${JOBS}?${params.toString()}`, { trainingConfig: { baseModel, loraRank } });
    await waitForJob(sandbox, id, 'JOB_STATE_RUNNING');
    return new Trainer(sandbox, id);
  }

  test('a base snapshot becomes a model, and a later run starts from its weights', async () => {
    const promoted = await promote('p-base', 'policy-v1');
    const name = 'accounts/sandbox/models/policy-v1';
    expect(promoted).toMatchObject({ status: 200, body: { model: { name, state: 'READY', kind: 'HF_BASE_MODEL' } } });
    expect(await sandbox.ok('GET', `/v1/${name}`)).toMatchObject({ name, state: 'READY', checkpoint: 'p-base' });
    const expected = await model.forward(DATA);
    for (const [id, query] of [
      ['job-auto', {}],
      ['job-shape', { trainingShape: NANO_SHAPE }],
    ] as const) {
      const trainer = await trainerFrom(id, name, query);
      const later = await trainer.model({ rank: 0 }, { base_model: name });
      expect(await later.forward(DATA)).toEqual(expected);
    }
    // And it can be served, with the snapshots of its own trainers.
    const served = await Deployed.create(sandbox, 'dep-v1', 'job-auto', { baseModel: name });
    expect((await served.complete([10, 11, 12, 3])).body.model).toBe(served.name);
    const headers = { 'fireworks-model': name, 'fireworks-deployment': served.name };
    expect((await sandbox.call('GET', '/hot_load/v1/models/hot_load', undefined, headers)).status).toBe(200);
    await sandbox.ok('DELETE', `/v1/${served.name}?hard=true`);
    await Promise.all(['job-auto', 'job-shape'].map((id) => sandbox.ok('DELETE', `/v1/${JOBS}/${id}`)));
  });

  test('an asynchronous promotion is an operation until the model is there', async () => {
    const { body } = await promote('p-base', 'policy-async', { async_promotion: true });
    const { name } = body['operation'] as { name: string };
    expect(body).toMatchObject({ operation: { done: false } });
    expect((await sandbox.ok('GET', '/v1/accounts/sandbox/models/policy-async'))['state']).not.toBe('READY');
    const done = await until(
      () => sandbox.ok('GET', `/v1/${name}`),
      (operation) => operation['done'] === true,
    );
    expect(done).toMatchObject({
      response: { '@type': expect.any(String), name: 'accounts/sandbox/models/policy-async', state: 'READY' },
    });
    expect((await sandbox.call('GET', '/v1/accounts/sandbox/operations/none')).status).toBe(404);
  });

  test('what cannot be promoted is refused', async () => {
    expect(await promote('p-delta', 'x')).toMatchObject({ status: 400, body: { code: 9 } });
    expect((await promote('nothing', 'x')).status).toBe(404);
    expect((await promote('p-base', 'Not-A-Label')).status).toBe(400);
    expect((await promote('p-base', '../../x')).status).toBe(400);
    expect((await promote('p-base', 'x', { base_model: 'accounts/fireworks/models/pawl-tiny' })).status).toBe(400);
    expect((await promote('p-base', 'x', { trainer_job_id: `${JOBS}/none` })).status).toBe(404);
    expect((await promote('p-base', 'x', { output_model: 'accounts/other/models/x' })).status).toBe(400);
    await promote('p-base', 'taken');
    expect(await promote('p-base', 'taken')).toMatchObject({ status: 409, body: { code: 6 } });
    await sandbox.ok('DELETE', '/v1/accounts/sandbox/models/taken');
    expect((await sandbox.call('GET', '/v1/accounts/sandbox/models/taken')).status).toBe(404);
  });

  test('an adapter becomes an add-on that a LoRA model can start from, or is folded into a base model', async () => {
    const trainer = await startTrainer(sandbox, 'job-lora', 4);
    const lora = await trainer.model({ rank: 4, alpha: 8 });
    for (let step = 0; step < 5; step++) await lora.step(DATA);
    expect(await lora.snapshot('adapter', 'base')).toMatchObject({ path: 'adapter' });
    const merged = { path: 'merged', checkpoint_type: 'merged_base', export_precision: 'source' };
    expect(await lora.run('save_weights_for_sampler', merged)).toMatchObject({ path: 'merged' });
    const from = { trainer_job_id: `${JOBS}/job-lora` };
    expect((await promote('adapter', 'add-on', from)).body).toMatchObject({
      model: { kind: 'HF_PEFT_ADDON', peftDetails: { baseModel: NANO, r: 4 } },
    });
    expect((await promote('merged', 'folded', from)).body).toMatchObject({ model: { kind: 'HF_BASE_MODEL' } });
    const expected = await lora.forward(DATA);

    const warm = await trainer.model({ rank: 4, alpha: 8 });
    await warm.run('load_adapter', { adapter_path: 'accounts/sandbox/models/add-on' });
    expect(await warm.forward(DATA)).toEqual(expected);
    const small = await trainer.model({ rank: 2 });
    expect(await small.run('load_adapter', { adapter_path: 'accounts/sandbox/models/add-on' })).toMatchObject({
      category: 'user',
    });
    expect(await small.run('load_adapter', { adapter_path: 'gs://elsewhere' })).toMatchObject({ category: 'user' });

    const folded = await trainerFrom('job-folded', 'accounts/sandbox/models/folded');
    const later = await folded.model({ rank: 0 }, { base_model: 'accounts/sandbox/models/folded' });
    expect(await later.forward(DATA)).toEqual(expected);
    expect(
      (
        await sandbox.call('POST', `/v1/${JOBS}?rlorTrainerJobId=no`, {
          trainingConfig: { baseModel: 'accounts/sandbox/models/add-on' },
        })
      ).status,
    ).toBe(400);
    expect(
      await model.run('save_weights_for_sampler', { path: 'no-merge', checkpoint_type: 'merged_base' }),
    ).toMatchObject({ category: 'user' });
    const mxfp8 = {
      model_id: lora.id,
      seq_id: lora.seq + 1,
      path: 'q',
      checkpoint_type: 'merged_base',
      export_precision: 'mxfp8',
    };
    expect((await trainer.post('save_weights_for_sampler', mxfp8)).status).toBe(422);
    await lora.run('save_weights_for_sampler', {
      path: 'half',
      checkpoint_type: 'merged_base',
      export_precision: 'bf16',
    });
    const dep = await Deployed.create(sandbox, 'dep-half', 'job-lora', { deploymentShape: NANO_DEPLOYMENT_SHAPE });
    expect((await dep.sync('half'))[0]).toMatchObject({
      current_snapshot_identity: 'half',
      loading_state: { stage: 'idle' },
    });
  });

  test('promoted models and their weights outlive the platform', async () => {
    await sandbox.stop('SIGKILL');
    const again = await Sandbox.start(sandbox.state);
    try {
      const { models } = await again.ok<{ models: Json[] }>('GET', '/v1/accounts/sandbox/models');
      expect(models.map(({ name }) => name)).toEqual(expect.arrayContaining(['accounts/sandbox/models/policy-v1']));
      expect(await again.ok('GET', `/v1/${NANO}`)).toMatchObject({ name: NANO });
    } finally {
      await again.close();
    }
  });
});
