import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { DATA, NANO, Sandbox, startTrainer, waitForJob, type Json, type Trainer } from './harness.ts';

interface Ledger extends Json {
  readonly trainers: readonly {
    readonly job: string;
    readonly models: readonly {
      readonly modelId: string;
      readonly optimizerSteps: number;
      readonly forwardBackwardCalls: number;
      readonly datums: number;
    }[];
  }[];
  readonly processes: { readonly trainers: Record<string, number> };
}

describe('sequencing', () => {
  let sandbox: Sandbox;
  let trainer: Trainer;

  beforeAll(async () => {
    sandbox = await Sandbox.start(undefined, ['--hold-ms', '200']);
    trainer = await startTrainer(sandbox, 'job-q');
  });
  afterAll(async () => {
    await sandbox.close();
  });

  async function countsOf(modelId: string): Promise<Json | undefined> {
    const ledger = await sandbox.ok<Ledger>('GET', '/sandbox/v1/ledger');
    return ledger.trainers.flatMap(({ models }) => models).find((model) => model.modelId === modelId);
  }

  function forwardBackward(modelId: string, seq: number, data = DATA): Json {
    return { model_id: modelId, seq_id: seq, forward_backward_input: { data, loss_fn: 'cross_entropy' } };
  }

  function optimStep(modelId: string, seq: number, learningRate = 0.01): Json {
    return { model_id: modelId, seq_id: seq, adam_params: { learning_rate: learningRate }, type: 'optim_step' };
  }

  test('an identical request under the same number is answered with the same promise and applied once', async () => {
    const { id } = await trainer.model();
    const ids: unknown[] = [];
    for (let repeat = 0; repeat < 3; repeat++) {
      ids.push((await trainer.post('forward_backward', forwardBackward(id, 1))).body['request_id']);
    }
    expect(new Set(ids).size).toBe(1);
    const steps = [1, 2, 3].map(() => trainer.post('optim_step', optimStep(id, 2)));
    const results = await Promise.all((await Promise.all(steps)).map(({ body }) => trainer.result(body['request_id'])));
    expect(results[1]).toEqual(results[0]);
    expect(await countsOf(id)).toMatchObject({
      forwardBackwardCalls: 1,
      datums: DATA.length,
      optimizerSteps: 1,
      lastSeq: 2,
    });
  });

  test('the order of keys makes no other body', async () => {
    const { id } = await trainer.model();
    const first = await trainer.post('forward_backward', forwardBackward(id, 1));
    const turned = Object.fromEntries(Object.entries(forwardBackward(id, 1)).reverse());
    expect((await trainer.post('forward_backward', turned)).body).toEqual(first.body);
  });

  test('another body, or another operation, under the same number is refused', async () => {
    const { id } = await trainer.model();
    await trainer.post('forward_backward', forwardBackward(id, 1));
    for (const refused of [
      await trainer.post('forward_backward', forwardBackward(id, 1, DATA.slice(1))),
      await trainer.post('optim_step', optimStep(id, 1)),
    ]) {
      expect(refused.status).toBe(409);
      expect(JSON.stringify(refused.body)).toContain('sequence number was reused with a different request payload');
    }
  });

  test('requests that arrive out of order wait for their turn', async () => {
    const straight = await trainer.model();
    await straight.step(DATA);
    const { id } = await trainer.model();
    const last = await trainer.post('forward', {
      model_id: id,
      seq_id: 3,
      forward_input: { data: DATA, loss_fn: 'cross_entropy' },
    });
    const step = { ...optimStep(id, 2), grad_accumulation_normalization: 'num_loss_tokens' };
    await trainer.post('optim_step', step);
    const waiting = await trainer.post('retrieve_future', { request_id: last.body['request_id'] });
    expect(waiting.body).toMatchObject({ type: 'try_again', queue_state: 'active' });
    await trainer.post('forward_backward', forwardBackward(id, 1));
    expect(await trainer.result(last.body['request_id'])).toEqual(await straight.forward(DATA));
  });

  test('a number from far ahead, zero or below is refused', async () => {
    const { id } = await trainer.model();
    expect((await trainer.post('optim_step', optimStep(id, 1_000_000))).status).toBe(400);
    expect((await trainer.post('optim_step', optimStep(id, 0))).status).toBe(422);
    expect((await trainer.post('optim_step', optimStep(id, 1.5))).status).toBe(422);
  });

  test('a failed request changes nothing and leaves the sequence usable', async () => {
    const model = await trainer.model();
    const before = await model.forward(DATA);
    expect(await model.optimStep()).toMatchObject({ category: 'user' });
    expect(await model.load('not-there')).toMatchObject({ category: 'user' });
    expect(await model.snapshot('too-early', 'delta')).toMatchObject({ category: 'user' });
    expect(await model.forward(DATA)).toEqual(before);
    expect(await countsOf(model.id)).toMatchObject({ optimizerSteps: 0 });
  });

  test('the same session and model number give the same model', async () => {
    const body = { session_id: await trainer.session(), model_seq_id: 0, base_model: NANO, lora_config: { rank: 0 } };
    const first = await trainer.post('create_model', body);
    expect((await trainer.post('create_model', body)).body).toEqual(first.body);
    expect((await trainer.post('create_model', { ...body, base_only: true })).status).toBe(409);
    expect((await trainer.post('create_model', { ...body, model_seq_id: 1 })).body).not.toEqual(first.body);
  });

  test('what nobody knows is not found', async () => {
    expect((await trainer.post('session_heartbeat', { session_id: 'sess-none' })).status).toBe(404);
    expect((await trainer.post('optim_step', optimStep('model-none', 1))).status).toBe(404);
    expect((await trainer.post('retrieve_future', { request_id: 'nonsense' })).status).toBe(404);
  });

  test('a trainer that dies takes sessions, models and promises with it, and leaves checkpoints', async () => {
    const doomed = await startTrainer(sandbox, 'job-d');
    const model = await doomed.model();
    await model.step(DATA);
    await model.save('kept');
    const scores = await model.forward(DATA);
    const promise = await doomed.post('forward', {
      model_id: model.id,
      seq_id: model.seq + 1,
      forward_input: { data: DATA, loss_fn: 'cross_entropy' },
    });
    const { processes } = await sandbox.ok<Ledger>('GET', '/sandbox/v1/ledger');
    process.kill(processes.trainers['job-d'] ?? 0, 'SIGKILL');
    await waitForJob(sandbox, 'job-d', 'JOB_STATE_FAILED');
    expect((await sandbox.call('GET', `${doomed.base}/healthz`)).status).toBe(404);
    expect((await doomed.post('optim_step', optimStep(model.id, 5))).status).toBe(404);

    await sandbox.ok('POST', '/v1/accounts/sandbox/rlorTrainerJobs/job-d:resume');
    await waitForJob(sandbox, 'job-d', 'JOB_STATE_RUNNING');
    expect((await doomed.post('retrieve_future', { request_id: promise.body['request_id'] })).status).toBe(410);
    expect((await doomed.post('optim_step', optimStep(model.id, 5))).status).toBe(404);
    const again = await doomed.model();
    await again.load('kept');
    expect(await again.forward(DATA)).toEqual(scores);
    expect(await countsOf(model.id)).toMatchObject({ optimizerSteps: 1 });
  });
});
