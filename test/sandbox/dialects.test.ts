import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { DATA, Deployed, NANO, Sandbox, datum, startTrainer, type Json, type Model, type Scores } from './harness.ts';

const ids = (data: readonly number[]): Json => ({ data, dtype: 'int64', shape: [data.length] });
const floats = (data: readonly number[]): Json => ({ data, dtype: 'float32', shape: [data.length] });
const TARGETS = [51, 52, 1];

/** The same sequence, with other inputs beside its targets. */
function example(inputs: Json): Json {
  return { ...datum([50, ...TARGETS]), loss_fn_inputs: { target_tokens: ids(TARGETS), ...inputs } };
}

function scored(
  model: Model,
  inputs: Json,
  op: 'forward' | 'forward_backward',
  loss = 'cross_entropy',
): Promise<Scores> {
  return model.run(op, { [`${op}_input`]: { data: [example(inputs)], loss_fn: loss } });
}

interface Row extends Json {
  readonly name: string;
  readonly createTime: string;
  readonly checkpointType: string;
}

async function rowsOf(sandbox: Sandbox, job: string): Promise<readonly Row[]> {
  const path = `/v1/accounts/sandbox/rlorTrainerJobs/${job}/checkpoints`;
  return (await sandbox.ok<{ checkpoints: Row[] }>('GET', path)).checkpoints;
}

describe('a platform as lenient as its recipes need it', () => {
  let sandbox: Sandbox;
  let model: Model;

  beforeAll(async () => {
    sandbox = await Sandbox.start();
    model = await (await startTrainer(sandbox, 'job-lenient')).model();
  });
  afterAll(async () => {
    await sandbox.close();
  });

  test.each([
    ['targets alone, each of which counts', {}, [1, 1, 1]],
    ['a mask of whole numbers', { loss_mask: ids([0, 1, 1]) }, [0, 1, 1]],
    ['a mask of numbers', { loss_mask: floats([1, 0, 0]) }, [1, 0, 0]],
    ['whole weights', { weights: ids([0, 2, 1]) }, [0, 2, 1]],
    ['weights of which some are masked', { weights: floats([0.5, 2, 1]), loss_mask: ids([1, 0, 1]) }, [0.5, 0, 1]],
    ['inputs that no loss knows', { weights: floats([1, 1, 0]), rewards: floats([7]) }, [1, 1, 0]],
  ])('takes %s, in either pass', async (_, inputs, meant) => {
    const plain = await scored(model, { weights: floats(meant) }, 'forward');
    for (const op of ['forward', 'forward_backward'] as const) {
      const scores = await scored(model, inputs, op);
      expect(scores.metrics['loss:sum']).toBeCloseTo(plain.metrics['loss:sum'] ?? Number.NaN, 5);
      expect(scores.loss_fn_outputs).toEqual(plain.loss_fn_outputs);
    }
  });

  test('what is masked in a policy loss counts neither as loss nor as a token of it', async () => {
    const policy = { logprobs: floats([-3, -3, -3]), advantages: floats([1, -1, 0.5]) };
    const masked = { ...policy, loss_mask: ids([1, 0, 1]) };
    const scores = await scored(model, masked, 'forward', 'importance_sampling');
    const weighted = { ...policy, weights: floats([1, 0, 1]) };
    expect(scores).toEqual(await scored(model, weighted, 'forward', 'importance_sampling'));
    expect(scores.metrics['policy_tokens:sum']).toBe(2);
  });

  test('a state saved again under its name takes the place of the first, in the row and in the bucket', async () => {
    await model.save('again');
    const [first] = (await rowsOf(sandbox, 'job-lenient')).filter(({ name }) => name.endsWith('/again'));
    await model.step(DATA);
    const later = await model.forward(DATA);
    await model.save('again');
    const rows = (await rowsOf(sandbox, 'job-lenient')).filter(({ name }) => name.endsWith('/again'));
    expect(rows).toHaveLength(1);
    expect(Date.parse(rows[0]?.createTime ?? '')).toBeGreaterThan(Date.parse(first?.createTime ?? ''));
    await model.step(DATA);
    await model.load('again');
    expect(await model.forward(DATA)).toEqual(later);
  });

  test('a delta saved again as a base of the same name can be served, and promoted', async () => {
    const deployed = await Deployed.create(sandbox, 'dep-lenient', 'job-lenient');
    await model.snapshot('first', 'base');
    await model.step(DATA);
    await model.snapshot('step-8', 'delta');
    await model.snapshot('step-8', 'base');
    const [row] = (await rowsOf(sandbox, 'job-lenient')).filter(({ name }) => name.endsWith('/step-8'));
    expect(row).toMatchObject({ checkpointType: 'CHECKPOINT_TYPE_INFERENCE_BASE', promotable: true });
    expect(await deployed.sync('step-8')).toMatchObject([{ current_snapshot_identity: 'step-8', readiness: true }]);
  });
});

describe('a platform told to be strict', () => {
  let sandbox: Sandbox;
  let model: Model;

  beforeAll(async () => {
    sandbox = await Sandbox.start(undefined, ['--strict-names', '--strict-inputs']);
    model = await (await startTrainer(sandbox, 'job-strict')).model();
  });
  afterAll(async () => {
    await sandbox.close();
  });

  test('takes a name once', async () => {
    const refusal = { category: 'user', error: expect.stringContaining('already exists') };
    await model.save('once');
    expect(await model.save('once')).toMatchObject(refusal);
    await model.snapshot('taken', 'base');
    expect(await model.snapshot('taken', 'base')).toMatchObject(refusal);
  });

  test.each([
    ['targets alone', 'cross_entropy', {}],
    ['a mask', 'cross_entropy', { weights: floats([1, 1, 1]), loss_mask: ids([1, 1, 1]) }],
    ['whole weights', 'cross_entropy', { weights: ids([1, 1, 1]) }],
    ['embedding gradients', 'cross_entropy', { weights: floats([1, 1, 1]), embedding_grads: floats([1, 1, 1]) }],
    ['unknown inputs', 'ppo', { logprobs: floats([-1, -1, -1]), advantages: floats([1, 1, 1]), values: floats([1]) }],
  ])('refuses %s', async (_, loss, inputs) => {
    expect(await scored(model, inputs, 'forward', loss)).toMatchObject({
      category: 'user',
      error: expect.stringContaining('datum 0'),
    });
  });
});

describe('a platform told to say less', () => {
  let sandbox: Sandbox;
  let model: Model;

  beforeAll(async () => {
    const flags = ['--backward-logprobs', 'off', '--forward-metrics', 'off', '--rename-states'];
    sandbox = await Sandbox.start(undefined, [...flags, '--empty-step', 'apply']);
    model = await (await startTrainer(sandbox, 'job-quiet')).model();
  });
  afterAll(async () => {
    await sandbox.close();
  });

  test('tells the loss of a backward pass and the log-probabilities of a forward one', async () => {
    const backward = await model.forwardBackward(DATA);
    const forward = await model.forward(DATA);
    expect(backward.loss_fn_outputs).toEqual([]);
    expect(backward.metrics['loss:sum']).toBeGreaterThan(0);
    expect(forward.loss_fn_outputs).toHaveLength(DATA.length);
    expect(forward.metrics).toEqual({});
    await model.optimStep();
    expect((await model.forwardBackward(DATA)).metrics['loss:sum']).toBeLessThan(backward.metrics['loss:sum'] ?? 0);
  });

  test('keeps a state under another name, by which alone it is found', async () => {
    const { path } = await model.save('step-40');
    expect(path).not.toBe('step-40');
    expect(await sandbox.ok('GET', `${model.trainer.base}/list_checkpoints`)).toEqual({ checkpoints: [path] });
    expect(await model.load('step-40')).toMatchObject({ category: 'user' });
    expect(await model.load(String(path))).toMatchObject({ path });
  });

  test('applies an update without a gradient', async () => {
    const fresh = await model.trainer.model();
    const before = await fresh.forward(DATA);
    expect(await fresh.optimStep({ learning_rate: 0.1, weight_decay: 0 })).toHaveProperty('metrics');
    expect(await fresh.forward(DATA)).toEqual(before);
  });
});

describe('a request whose predecessor never arrives', () => {
  let sandbox: Sandbox;

  beforeAll(async () => {
    sandbox = await Sandbox.start(undefined, ['--gap-seconds', '1', '--hold-ms', '50', '--backward-logprobs', 'empty']);
  });
  afterAll(async () => {
    await sandbox.close();
  });

  test('says which number it waits for, and is given up; what comes after goes on once the gap is filled', async () => {
    const trainer = await startTrainer(sandbox, 'job-gap');
    const { id } = await trainer.model();
    const forward = (seq: number, data: readonly Json[] = DATA): Json => ({
      model_id: id,
      seq_id: seq,
      forward_input: { data, loss_fn: 'cross_entropy' },
    });
    const refused = await trainer.post('forward', {
      ...forward(1),
      forward_input: { data: [], loss_fn: 'cross_entropy' },
    });
    expect(refused.status).toBe(422);
    const second = (await trainer.post('forward', forward(2))).body['request_id'];
    const waiting = await trainer.post('retrieve_future', { request_id: second });
    expect(waiting.body).toMatchObject({
      type: 'try_again',
      queue_state_reason: 'request 2 waits for request 1, which has not arrived',
    });
    expect(await trainer.result(second)).toMatchObject({
      category: 'server',
      error: expect.stringMatching(/request 2 was given up: request 1 .* did not arrive within 1 s/),
    });
    const third = (await trainer.post('forward', forward(3))).body['request_id'];
    const first = (await trainer.post('forward', forward(1))).body['request_id'];
    const results = [await trainer.result(first), await trainer.result(third)];
    expect(results[0]).toHaveProperty('metrics');
    expect(results[1]).toEqual(results[0]);
  });

  test('does not keep a session of nobody alive', async () => {
    const expiring = await Sandbox.start(undefined, ['--gap-seconds', '0.2', '--session-seconds', '0.5']);
    const trainer = await startTrainer(expiring, 'job-abandoned');
    const session = await trainer.session();
    const body = { session_id: session, model_seq_id: 0, base_model: NANO, lora_config: { rank: 0 } };
    const { model_id: id } = await trainer.run<{ model_id: string }>('create_model', body);
    await trainer.post('forward', { model_id: id, seq_id: 2, forward_input: { data: DATA, loss_fn: 'cross_entropy' } });
    // Nobody speaks to it meanwhile: every sign of its client would keep it alive.
    await new Promise((resolve) => setTimeout(resolve, 1_500));
    expect((await trainer.post('session_heartbeat', { session_id: session })).status).toBe(404);
    await expiring.close();
  });

  test('outputs may be there and say nothing', async () => {
    const model = await (await startTrainer(sandbox, 'job-empty')).model();
    const { loss_fn_outputs: outputs, metrics } = await model.forwardBackward(DATA);
    expect([outputs, metrics['loss:sum']]).toEqual([DATA.map(() => ({})), expect.any(Number)]);
  });
});
