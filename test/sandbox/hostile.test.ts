import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { DATA, Deployed, NANO, Sandbox, datum, startTrainer, type Json, type Model } from './harness.ts';

describe('hostile input', () => {
  let sandbox: Sandbox;
  let model: Model;
  let deployed: Deployed;

  beforeAll(async () => {
    sandbox = await Sandbox.start();
    model = await (await startTrainer(sandbox, 'job-h')).model();
    deployed = await Deployed.create(sandbox, 'dep-h', 'job-h');
  });
  afterAll(async () => {
    await sandbox.close();
  });

  function withInputs(change: Json): Json {
    const good = datum([3, 4, 5]);
    return { ...good, loss_fn_inputs: { ...(good['loss_fn_inputs'] as Json), ...change } };
  }

  function tokens(...ids: unknown[]): Json {
    return { ...datum([3, 4, 5]), model_input: { chunks: [{ type: 'encoded_text', tokens: ids }] } };
  }

  async function stepsApplied(): Promise<unknown> {
    const { trainers } = await sandbox.ok<{ trainers: { models: Json[] }[] }>('GET', '/sandbox/v1/ledger');
    return trainers[0]?.models[0];
  }

  test.each([
    ['no data', []],
    ['data that is no list', 'data'],
    ['a token of text', [tokens('3', '4')]],
    ['a negative token', [tokens(3, -4)]],
    ['a fraction of a token', [tokens(3, 4.5)]],
    ['an image', [{ ...datum([3, 4, 5]), model_input: { chunks: [{ type: 'image', data: '', format: 'png' }] } }]],
    ['weights of text', [withInputs({ weights: { data: ['1', '1'], dtype: 'float32' } })]],
    ['an unknown dtype', [withInputs({ weights: { data: [1, 1], dtype: 'float64' } })]],
    ['a null weight', [withInputs({ weights: { data: [null, 1], dtype: 'float32' } })]],
  ])('%s is refused before it takes a number', async (_name, data) => {
    const before = await stepsApplied();
    const body = {
      model_id: model.id,
      seq_id: model.seq + 1,
      forward_backward_input: { data, loss_fn: 'cross_entropy' },
    };
    const refused = await model.trainer.post('forward_backward', body);
    expect(refused.status).toBe(422);
    expect(refused.body).toMatchObject({ error: { code: 'INVALID_ARGUMENT', message: expect.any(String) } });
    expect(await stepsApplied()).toEqual(before);
    expect((await model.forward(DATA)).metrics['loss:sum']).toBeGreaterThan(0);
  });

  test.each([
    ['a token out of the vocabulary', tokens(3, 82)],
    ['a target out of the vocabulary', withInputs({ target_tokens: { data: [4, 99], dtype: 'int64' } })],
    ['an empty sequence', tokens()],
    ['a sequence beyond the context', datum(Array.from({ length: 34 }, () => 5))],
    ['too few weights', withInputs({ weights: { data: [1], dtype: 'float32' } })],
    ['weights in another shape', withInputs({ weights: { data: [1, 1], dtype: 'float32', shape: [1, 2] } })],
    ['a weight beyond float32', withInputs({ weights: { data: [1e39, 1], dtype: 'float32' } })],
    ['no targets', withInputs({ target_tokens: undefined })],
  ])('%s fails the request, by name', async (_name, bad) => {
    const failure = await model.forwardBackward([...DATA, bad]);
    expect(failure).toMatchObject({ category: 'user', error: expect.stringContaining('datum 3') });
    expect(await model.optimStep()).toMatchObject({ category: 'user' });
  });

  test('numbers that JSON does not know are refused', async () => {
    for (const number of ['NaN', 'Infinity', '1e999']) {
      const body = `{"model_id":"${model.id}","seq_id":${model.seq + 1},"adam_params":{"learning_rate":${number}}}`;
      const { status } = await sandbox.call('POST', `${model.trainer.base}/optim_step`, body);
      expect([400, 422]).toContain(status);
    }
  });

  test.each(['../../etc/passwd', '..', 'a/b', 'UPPER', '', 'x'.repeat(64), 'a\u0000b', '__proto__'])(
    'a checkpoint cannot be called %j',
    async (path) => {
      const body = { model_id: model.id, seq_id: model.seq + 1, path };
      expect((await model.trainer.post('save_weights', body)).status).toBe(422);
      expect((await model.trainer.post('save_weights_for_sampler', { ...body, checkpoint_type: 'base' })).status).toBe(
        422,
      );
      if (path !== '') expect(await model.load(path)).toMatchObject({ category: 'user' });
      expect(await model.load(`cross_job://job-h/${path}`)).toMatchObject({ category: 'user' });
      expect(await model.load(`cross_job://${path}/x`)).toMatchObject({ category: 'user' });
    },
  );

  test.each([
    ['no prompt', {}, 400],
    ['an empty prompt', { prompt: [] }, 400],
    ['a foreign token', { prompt: [82] }, 400],
    ['a huge token', { prompt: [1e300] }, 400],
    ['no answers', { prompt: [3], n: 0 }, 400],
    ['images', { prompt: [3], images: ['data:'] }, 400],
    ['a negative temperature', { prompt: [3], temperature: -1 }, 400],
    ['no tokens', { prompt: [3], max_tokens: 0 }, 400],
    ['another deployment', { prompt: [3], model: 'accounts/sandbox/deployments/none' }, 404],
    ['a name that climbs', { prompt: [3], model: 'accounts/sandbox/deployments/../../x' }, 404],
    ['no model', { prompt: [3], model: null }, 400],
  ])('a completion with %s is refused', async (_name, change, status) => {
    const body = { model: deployed.name, max_tokens: 2, ...change };
    const refused = await sandbox.call('POST', '/inference/v1/completions', body);
    expect(refused).toMatchObject({ status, body: { error: { message: expect.any(String) } } });
  });

  test('each API refuses in its own shape', async () => {
    const bad = '{"a":';
    expect(await sandbox.call('POST', '/v1/accounts/sandbox/rlorTrainerJobs', bad)).toMatchObject({
      status: 400,
      body: { code: 3, message: expect.any(String), details: [] },
    });
    expect(await sandbox.call('POST', '/inference/v1/completions', bad)).toMatchObject({
      status: 400,
      body: { error: { code: 'INVALID_ARGUMENT' } },
    });
    expect(await sandbox.call('GET', '/v1/nothing')).toMatchObject({ status: 404, body: { code: 5 } });
    expect(await sandbox.call('GET', '/nothing')).toMatchObject({
      status: 404,
      body: { error: { code: 'NOT_FOUND' } },
    });
    const other = '/v1/accounts/other/rlorTrainerJobs';
    for (const path of [other, `${other}/job-h`]) expect((await sandbox.call('GET', path)).status).toBe(404);
  });

  test('nesting without end is refused, wherever it hides', async () => {
    const deep = `${'['.repeat(100_000)}${']'.repeat(100_000)}`;
    const { base } = model.trainer;
    const step = `{"model_id":"${model.id}","seq_id":${model.seq + 1},"adam_params":{},"extra":${deep}}`;
    expect((await sandbox.call('POST', `${base}/optim_step`, step)).status).toBe(400);
    expect((await sandbox.call('POST', `${base}/optim_step`, deep)).status).toBe(422);
    expect((await sandbox.call('POST', '/v1/accounts/sandbox/deployments?deploymentId=x', deep)).status).toBe(400);
    const proto = `{"model_id":"${model.id}","seq_id":${model.seq + 1},"adam_params":{},"__proto__":{"a":1}}`;
    expect((await sandbox.call('POST', `${base}/optim_step`, proto)).status).toBe(400);
  });

  test.each([
    ['/v1/accounts/sandbox/rlorTrainerJobs/%zz', 400, 3],
    ['/v1/accounts/sandbox/rlorTrainerJobs/..%2f..%2fetc', 404, 5],
    ['/v1/accounts/sandbox/rlorTrainerJobs/__proto__', 404, 5],
    ['/v1/accounts/sandbox/models/..%2f..%2fx', 404, 5],
    ['/v1/accounts/sandbox/operations/constructor', 404, 5],
    [`/v1/accounts/sandbox/rlorTrainerJobs/${'x'.repeat(300)}`, 400, 3],
    ['/v1/accounts/sandbox/trainingSessions/ts-1/checkpoints', 400, 3],
    ['/v1/accounts/sandbox/dpoJobs', 400, 3],
  ])('%s leads nowhere', async (path, status, code) => {
    expect(await sandbox.call('GET', path)).toMatchObject({ status, body: { code, message: expect.any(String) } });
  });

  test('a body beyond the limit is refused', async () => {
    const body = JSON.stringify({ model: deployed.name, prompt: 'x'.repeat(100 * 1024 * 1024) });
    // The connection may be closed before the body was sent as a whole.
    const refused = await sandbox.call('POST', '/inference/v1/completions', body).catch(() => ({ status: 413 }));
    expect(refused.status).toBe(413);
  });

  test('without a key nothing is told; with one configured, only that one is let in', async () => {
    const paths = ['/v1/accounts', '/sandbox/v1/ledger', `${model.trainer.base}/healthz`, '/nothing'];
    for (const path of paths) {
      const answer = await fetch(`${sandbox.url}${path}`);
      expect([path, answer.status]).toEqual([path, 401]);
    }
    const locked = await Sandbox.start(undefined, [], 'the-key');
    try {
      expect(await locked.call('GET', '/v1/accounts')).toMatchObject({ status: 401, body: { code: 16 } });
      expect((await locked.call('GET', '/v1/accounts', undefined, { 'x-api-key': 'the-key' })).status).toBe(200);
      const bearer = { 'x-api-key': '', authorization: 'Bearer the-key' };
      expect((await locked.call('GET', '/v1/accounts', undefined, bearer)).status).toBe(200);
    } finally {
      await locked.close();
    }
  });

  test('after all that, it still works', async () => {
    const losses = [await model.step(DATA), await model.step(DATA), await model.step(DATA)];
    expect(losses[2]).toBeLessThan(losses[0] ?? 0);
    expect(await deployed.complete([3])).toMatchObject({ status: 200, body: { model: deployed.name } });
    expect(await sandbox.ok('GET', `/v1/${NANO}`)).toMatchObject({ name: NANO });
  });
});
