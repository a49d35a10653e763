import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import {
  DATA,
  NANO,
  Sandbox,
  datum,
  startTrainer,
  waitForJob,
  type Json,
  type Model,
  type Trainer,
} from './harness.ts';

const ADAM = { learning_rate: 0.01, beta1: 0.9, beta2: 0.95, eps: 1e-8, weight_decay: 0, grad_clip_norm: 0 };

describe('training', () => {
  let sandbox: Sandbox;
  let trainer: Trainer;

  beforeAll(async () => {
    sandbox = await Sandbox.start();
    trainer = await startTrainer(sandbox, 'job-a');
  });
  afterAll(async () => {
    await sandbox.close();
  });

  /** Weights of a model as its log-probabilities tell them. */
  async function scoresAfter(model: Model): Promise<Json> {
    return model.forward(DATA);
  }

  test('loss falls', async () => {
    const model = await trainer.model();
    const losses: number[] = [];
    for (let step = 0; step < 20; step++) losses.push(await model.step(DATA));
    expect(losses[19]).toBeLessThan((losses[0] ?? 0) / 3);
  });

  test("a deleted trainer's checkpoint can be loaded by another, with its optimizer", async () => {
    const source = await (await startTrainer(sandbox, 'job-gone')).model();
    for (let step = 0; step < 3; step++) await source.step(DATA);
    await source.save('last');
    const expected = [await source.step(DATA), await source.step(DATA)];
    await sandbox.ok('DELETE', '/v1/accounts/sandbox/rlorTrainerJobs/job-gone');
    const model = await trainer.model();
    await model.load('cross_job://job-gone/last');
    expect([await model.step(DATA), await model.step(DATA)]).toEqual(expected);
    const fresh = await trainer.model();
    await fresh.load('cross_job://job-gone/last', false);
    expect(await fresh.step(DATA)).toBe(expected[0]);
    expect(await fresh.step(DATA)).not.toBe(expected[1]);
  });

  test('the loss is the weighted sum of the log-probabilities, one output per datum', async () => {
    const model = await trainer.model();
    const { metrics, loss_fn_outputs: outputs } = await model.forward([datum([3, 4, 5, 6], 1), datum([7, 8])]);
    expect(outputs.map(({ logprobs }) => logprobs.data.length)).toEqual([3, 1]);
    const [, second = 0, third = 0] = outputs[0]?.logprobs.data ?? [];
    const [only = 0] = outputs[1]?.logprobs.data ?? [];
    expect(metrics['loss:sum']).toBeCloseTo(-(second + third + only), 4);
    expect(metrics['local_input_sequences:sum']).toBe(2);
  });

  test('identical requests give identical weights, in another process too', async () => {
    const first = await trainer.model();
    const second = await (await startTrainer(sandbox, 'job-b')).model();
    for (const model of [first, second]) for (let step = 0; step < 3; step++) await model.step(DATA);
    expect(await scoresAfter(second)).toEqual(await scoresAfter(first));
  });

  test('load_weights with optimizer restores weights and moments exactly', async () => {
    const model = await trainer.model();
    await model.step(DATA);
    await model.step(DATA);
    await model.save('state-a');
    const straight = [await model.step(DATA), await model.step(DATA)];
    await model.load('state-a');
    expect([await model.step(DATA), await model.step(DATA)]).toEqual(straight);
  });

  test('a run that lost its trainer ends with the same bytes as one that did not', async () => {
    const straight = await trainer.model();
    for (let step = 0; step < 4; step++) await straight.step(DATA);
    await straight.save('end');
    const job = await startTrainer(sandbox, 'job-e');
    const before = await job.model();
    for (let step = 0; step < 2; step++) await before.step(DATA);
    await before.save('half');
    await before.step(DATA);
    await sandbox.ok('POST', '/v1/accounts/sandbox/rlorTrainerJobs/job-e:cancel');
    await sandbox.ok('POST', '/v1/accounts/sandbox/rlorTrainerJobs/job-e:resume');
    await waitForJob(sandbox, 'job-e', 'JOB_STATE_RUNNING');
    const after = await job.model();
    await after.load('half');
    for (let step = 0; step < 2; step++) await after.step(DATA);
    await after.save('end');
    const [left, right] = ['job-a', 'job-e'].map((id) =>
      readFileSync(join(sandbox.state, 'buckets', id, 'states', 'end.bin')),
    );
    expect(right?.equals(left ?? Buffer.alloc(0))).toBe(true);
  });

  test('load_weights without optimizer restores weights only', async () => {
    const model = await trainer.model();
    for (let step = 0; step < 3; step++) await model.step(DATA);
    await model.save('state-b');
    const [loss, next] = [await model.step(DATA), await model.step(DATA)];
    await model.load('state-b', false);
    expect(await model.step(DATA)).toBe(loss);
    expect(await model.step(DATA)).not.toBe(next);
  });

  test('a load drops the gradient so far', async () => {
    const model = await trainer.model();
    await model.save('state-c');
    await model.forwardBackward(DATA);
    await model.load('state-c');
    expect(await model.optimStep()).toMatchObject({ category: 'user' });
  });

  test('forward_backward twice before a step is once with the data of both', async () => {
    const [twice, once] = [await trainer.model(), await trainer.model()];
    await twice.forwardBackward(DATA.slice(0, 1));
    await twice.forwardBackward(DATA.slice(1));
    await once.forwardBackward(DATA);
    const norm = { ...ADAM, emit_grad_norm_metrics: true };
    const [a, b] = [await twice.optimStep(norm), await once.optimStep(norm)];
    expect(a.metrics['grad_norm']).toBeCloseTo(Number(b.metrics['grad_norm']), 4);
  });

  test('gradients are divided by what the normalisation counts', async () => {
    const norms: Record<string, number> = {};
    for (const normalization of ['none', 'num_sequences', 'num_loss_tokens']) {
      const model = await trainer.model();
      await model.forwardBackward(DATA);
      const { metrics } = await model.optimStep({ ...ADAM, emit_grad_norm_metrics: 'basic' }, normalization);
      norms[normalization] = Number(metrics['grad_norm']);
    }
    // Of three sequences 4 + 3 + 5 targets have a weight.
    expect((norms['none'] ?? 0) / (norms['num_sequences'] ?? 1)).toBeCloseTo(3, 3);
    expect((norms['none'] ?? 0) / (norms['num_loss_tokens'] ?? 1)).toBeCloseTo(12, 3);
  });

  test('a frozen base model scores as a fresh one does, and cannot be trained', async () => {
    const frozen = await trainer.model({ rank: 0 }, { base_only: true });
    expect(await scoresAfter(frozen)).toEqual(await scoresAfter(await trainer.model()));
    expect(await frozen.forwardBackward(DATA)).toMatchObject({ category: 'user' });
  });

  test('get_info tells the model; an unloaded one is not found', async () => {
    const model = await trainer.model();
    const info = await sandbox.ok('POST', `${trainer.base}/get_info`, { model_id: model.id, type: 'get_info' });
    expect(info).toMatchObject({ model_id: model.id, model_name: NANO, is_lora: false, lora_rank: 0 });
    expect(await trainer.run('unload_model', { model_id: model.id, type: 'unload_model' })).toMatchObject({
      model_id: model.id,
    });
    expect((await trainer.post('get_info', { model_id: model.id })).status).toBe(404);
  });

  test('an adapter is saved, loaded and resumed exactly, and only by its like', async () => {
    const lora = await startTrainer(sandbox, 'job-lora', 8);
    const model = await lora.model({ rank: 4, alpha: 8 });
    await model.step(DATA);
    await model.save('adapter-a');
    const straight = [await model.step(DATA), await model.step(DATA)];
    const other = await lora.model({ rank: 4, alpha: 8, seed: 5 });
    await other.load('adapter-a');
    expect([await other.step(DATA), await other.step(DATA)]).toEqual(straight);
    const wider = await lora.model({ rank: 8, alpha: 8 });
    expect(await wider.load('adapter-a')).toMatchObject({ category: 'user' });
    const tooWide = { session_id: await lora.session(), model_seq_id: 0, base_model: NANO, lora_config: { rank: 9 } };
    expect((await lora.post('create_model', tooWide)).status).toBe(400);
  });
});
