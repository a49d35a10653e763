import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import {
  DATA,
  NANO,
  NANO_SHAPE,
  Sandbox,
  datum,
  startTrainer,
  waitForJob,
  Trainer,
  type Json,
  type Model,
  type Scores,
} from './harness.ts';

const tensor = (data: number[], extra: Json = {}): Json => ({ data, dtype: 'float32', ...extra });
const ids = (data: number[], extra: Json = {}): Json => ({ data, dtype: 'int64', ...extra });
const EMPTY = { sparse_crow_indices: [0], sparse_col_indices: [] };
const POLICY = { logprobs: tensor([-4, -4]), advantages: tensor([0, 1]) };

function example(inputs: Json): Json {
  return { ...datum([3, 4, 5]), loss_fn_inputs: { target_tokens: ids([4, 5]), ...inputs } };
}

describe('losses on the wire', () => {
  let sandbox: Sandbox;
  let model: Model;

  beforeAll(async () => {
    sandbox = await Sandbox.start();
    model = await (await startTrainer(sandbox, 'job-l')).model();
  });
  afterAll(async () => {
    await sandbox.close();
  });

  function run(loss: string, data: readonly Json[], config?: Json, op = 'forward_backward'): Promise<Scores> {
    return model.run(op, { [`${op}_input`]: { data, loss_fn: loss, ...(config && { loss_fn_config: config }) } });
  }

  test.each(['importance_sampling', 'ppo', 'cispo', 'dro', 'dapo', 'gspo', 'dppo', 'reinforce'])(
    '%s trains: it tells a loss, log-probabilities and mergeable metrics, and leaves a gradient',
    async (loss) => {
      const scores = await run(loss, [example(POLICY)]);
      expect(scores.loss_fn_outputs[0]?.logprobs).toMatchObject({ dtype: 'float32', shape: [2] });
      expect(scores.metrics).toMatchObject({ 'loss:sum': expect.any(Number), 'policy_tokens:sum': 1 });
      const step = await model.optimStep({ learning_rate: 0, emit_grad_norm_metrics: true });
      expect(step.metrics['grad_norm']).toBeGreaterThan(0);
    },
  );

  test('a sparse matrix of targets is what the dense one is', async () => {
    const shape = [2, 3];
    const dense = example({
      target_tokens: ids([4, 0, 6, 0, 0, 0], { shape }),
      weights: tensor([1, 0, 0.5, 0, 0, 0], { shape }),
    });
    const csr = { shape, sparse_crow_indices: [0, 2, 2], sparse_col_indices: [0, 2] };
    const sparse = example({ target_tokens: ids([4, 6], csr), weights: tensor([1, 0.5], csr) });
    const scores = await run('cross_entropy', [dense]);
    expect(scores.loss_fn_outputs[0]?.logprobs).toMatchObject({ shape });
    expect(await run('cross_entropy', [sparse])).toEqual(scores);
    const single = await run('cross_entropy', [example({ weights: tensor([1, 0]) })]);
    expect(single.loss_fn_outputs[0]?.logprobs.data[0]).toBeCloseTo(
      scores.loss_fn_outputs[0]?.logprobs.data[0] ?? 0,
      5,
    );
  });

  test('forward tells the likeliest tokens if asked', async () => {
    const scores = await run('cross_entropy', [datum([3, 4, 5])], { top_k: 2 }, 'forward');
    expect(scores.loss_fn_outputs[0]).toMatchObject({
      top_k_indices: { dtype: 'int64', shape: [2, 2] },
      top_k_logprobs: { dtype: 'float32', shape: [2, 2] },
    });
  });

  test.each([
    ['ppo', { clip_low: 0.8 }],
    ['ppo', { clip_low_threshold: '0.8' }],
    ['ppo', { clip_low_threshold: 1.2, clip_high_threshold: 0.8 }],
    ['importance_sampling', { beta: 1 }],
    ['importance_sampling', { ratio_log_cap: 0 }],
    ['dro', { ratio_log_cap: 20 }],
    ['dapo', { eps_clip_c: 0.5 }],
    ['cross_entropy', { output: 'embedding' }],
    ['cross_entropy', { target_logprob_support: 'sampling_support' }],
    ['cross_entropy', { top_k: 2 }],
    ['reinforce', { score_centering: true }],
    ['ppo', { weighting: 'tis' }],
    ['contrastive', {}],
  ])('%s with %j is refused before it takes a number', async (loss, config) => {
    const input = { data: [example(POLICY)], loss_fn: loss, loss_fn_config: config };
    const body = { model_id: model.id, seq_id: model.seq + 1, forward_backward_input: input };
    const refused = await model.trainer.post('forward_backward', body);
    expect(refused).toMatchObject({ status: 422, body: { error: { code: 'INVALID_ARGUMENT' } } });
  });

  test.each([
    ['ppo', 'without advantages', { logprobs: tensor([-4, -4]) }],
    ['ppo', 'without old log-probabilities', { advantages: tensor([0, 1]) }],
    ['ppo', 'with more old log-probabilities than tokens', { ...POLICY, logprobs: tensor([-4, -4, -4]) }],
    ['cross_entropy', 'with a mask of another length', { loss_mask: ids([1, 1, 1]) }],
    ['cross_entropy', 'with targets that are no token ids', { target_tokens: tensor([4, 5]) }],
    ['cross_entropy', 'with more columns than tokens', { target_tokens: ids([], { shape: [2, 83], ...EMPTY }) }],
    ['cross_entropy', 'with more rows than tokens', { target_tokens: ids([], { shape: [60_000, 60], ...EMPTY }) }],
    ['cross_entropy', 'with weights of another shape', { weights: tensor([1, 1], { shape: [2, 1] }) }],
    [
      'cross_entropy',
      'with a column too many',
      { weights: tensor([1], { shape: [2, 1], sparse_crow_indices: [0, 1, 1], sparse_col_indices: [1] }) },
    ],
    [
      'cross_entropy',
      'with rows that fall',
      { weights: tensor([1], { shape: [2, 1], sparse_crow_indices: [0, 2, 1], sparse_col_indices: [0] }) },
    ],
    ['ppo', 'with two targets for each position', { ...POLICY, target_tokens: ids([4, 5, 4, 5], { shape: [2, 2] }) }],
  ])('%s %s fails the request, by name', async (loss, _what, inputs) => {
    expect(await run(loss, [example(inputs)])).toMatchObject({
      category: 'user',
      error: expect.stringContaining('datum 0'),
    });
  });

  test('what this trainer cannot do is refused in words', async () => {
    const { trainer } = model;
    for (const [name, body] of [
      ['weight_sync', {}],
      ['asample', {}],
      [
        'create_model',
        { session_id: await trainer.session(), model_seq_id: 0, base_model: NANO, projection_head_dim: 8 },
      ],
    ] as const) {
      const refused = await trainer.post(name, body);
      expect([name, refused.status, JSON.stringify(refused.body)]).toEqual([
        name,
        400,
        expect.stringContaining('not supported'),
      ]);
    }
    const routed = {
      ...datum([3, 4]),
      model_input: { chunks: [{ type: 'encoded_text', tokens: [3] }], routing_matrices: ['AA=='] },
    };
    const input = { data: [routed], loss_fn: 'cross_entropy' };
    const refused = await trainer.post('forward', { model_id: model.id, seq_id: model.seq + 1, forward_input: input });
    expect([refused.status, JSON.stringify(refused.body)]).toEqual([422, expect.stringContaining('router replay')]);
  });

  test.each([
    ['create_model', { lora_config: { rank: 4, init_method: 'nora' } }, 'nora'],
    ['save_weights_for_sampler', { checkpoint_type: 'merged_base', export_precision: 'nvfp4' }, 'nvfp4'],
    ['save_weights_for_sampler', { checkpoint_type: 'merged_base', export_precision: 'fp8_block128' }, 'fp8_block128'],
  ])('%s with %j is refused by what it is called', async (name, asked, what) => {
    const { trainer, id } = model;
    const created = { session_id: await trainer.session(), model_seq_id: 0, base_model: NANO };
    const saved = { model_id: id, seq_id: model.seq + 1, path: 'refused' };
    const refused = await trainer.post(name, { ...(name === 'create_model' ? created : saved), ...asked });
    expect([refused.status, JSON.stringify(refused.body)]).toEqual([
      422,
      expect.stringMatching(new RegExp(`${what}.* is not supported here`)),
    ]);
  });

  test('a large answer is announced to those who asked for that, and then sent', async () => {
    const data = Array.from({ length: 300 }, () => DATA).flat();
    const body = { model_id: model.id, seq_id: ++model.seq, forward_input: { data, loss_fn: 'cross_entropy' } };
    const { request_id: id } = (await model.trainer.post('forward', body)).body;
    const whole = await model.trainer.result(id);
    const announced = await model.trainer.post('retrieve_future', { request_id: id, allow_metadata_only: true });
    expect(announced.body).toEqual({
      status: 'complete_metadata',
      response_payload_size: JSON.stringify(whole).length,
    });
  });

  async function frozenTrainer(id: string, shape: string): Promise<Model> {
    const query = `trainingShape=${encodeURIComponent(shape)}&rlorTrainerJobId=${id}`;
    await sandbox.ok('POST', `/v1/accounts/sandbox/rlorTrainerJobs?${query}`, {
      trainingConfig: { baseModel: NANO, loraRank: 0 },
      forwardOnly: true,
    });
    await waitForJob(sandbox, id, 'JOB_STATE_RUNNING');
    return new Trainer(sandbox, id).model();
  }

  test('a frozen trainer, of whichever shape, and a base-only model are scored, not trained', async () => {
    const reference = await frozenTrainer('job-ref', `${NANO_SHAPE}-forward`);
    const onLora = await frozenTrainer('job-ref-lora', `${NANO_SHAPE}-lora`);
    const base = await model.trainer.model({ rank: 0 }, { base_only: true });
    for (const frozen of [reference, onLora, base]) {
      expect((await frozen.forward(DATA)).metrics).toEqual((await base.forward(DATA)).metrics);
      expect(await frozen.forwardBackward(DATA)).toMatchObject({ category: 'user' });
      expect(await frozen.optimStep()).toMatchObject({ category: 'user', error: expect.stringContaining('frozen') });
    }
  });

  test('unload frees the model, its sequence and its number', async () => {
    const { trainer } = model;
    const session = await trainer.session();
    const body = { session_id: session, model_seq_id: 0, base_model: NANO, lora_config: { rank: 0 } };
    const first = (await trainer.run('create_model', body))['model_id'];
    await trainer.run('unload_model', { model_id: first });
    expect(
      (
        await trainer.post('forward', {
          model_id: first,
          seq_id: 1,
          forward_input: { data: DATA, loss_fn: 'cross_entropy' },
        })
      ).status,
    ).toBe(404);
    const second = (await trainer.run('create_model', body))['model_id'];
    expect(second).not.toBe(first);
    const input = { data: DATA, loss_fn: 'cross_entropy' };
    expect(await trainer.run('forward', { model_id: second, seq_id: 1, forward_input: input })).toHaveProperty(
      'metrics',
    );
  });
});
