import { afterEach, describe, expect, test } from '@jest/globals';
import type { FireworksConfig } from '../../activities/backends/fireworks/index.ts';
import type { Datum, Trainer } from '../../activities/ports.ts';
import {
  API_KEY,
  FAST_RETRIES,
  failureOf,
  never,
  startPlatform,
  type Platform,
  type Reply,
  type Script,
} from './scripted-platform.ts';

const BASE = '/training/v1/rlorTrainerJobs/acme/run42-policy/api/v1';
const datum: Datum = { inputTokens: [5, 6], targetTokens: [6, 7], weights: [0, 0.1] };
const step = { modelId: 'model-7', seq: 3 };
const adam = { learningRate: 1e-5, beta1: 0.9, beta2: 0.95, eps: 1e-12, weightDecay: 0.01, gradClipNorm: 1 };
const accepted = { json: { request_id: 'req-12', model_id: 'model-7' } };
const output = {
  loss_fn_output_type: 'TorchLossReturn',
  loss_fn_outputs: [{ logprobs: { data: [-1.5, -0.25], dtype: 'float32', shape: [2] } }],
  metrics: { 'loss:sum': 0.8, 'local_input_sequences:sum': 1, note: 'text' },
};
const tryAgain: Reply = { json: { type: 'try_again', request_id: 'req-12', queue_state: 'active' } };

let platform: Platform | undefined;

async function given(script: Script, config: Partial<FireworksConfig> = {}): Promise<Platform & { trainer: Trainer }> {
  platform = await startPlatform(script, config);
  return { ...platform, trainer: platform.backend.trainer('run42-policy') };
}

afterEach(async () => {
  await platform?.close();
  platform = undefined;
});

/** The one body that was sent to an endpoint, as bytes. */
function sent(name: string): string | undefined {
  return platform?.to(name)[0]?.text;
}

describe('bodies', () => {
  test('create_session', async () => {
    const { trainer, received } = await given({
      create_session: { json: { session_id: 'sess-1', info_message: 'hi' } },
    });
    expect(await trainer.createSession(['pawl:run42'], never())).toBe('sess-1');
    expect(received).toMatchObject([{ method: 'POST', path: `${BASE}/create_session` }]);
    expect(sent('create_session')).toBe(
      '{"tags":["pawl:run42"],"user_metadata":{},"sdk_version":"0.23.0","type":"create_session"}',
    );
  });
  test('session_heartbeat', async () => {
    const { trainer } = await given({ session_heartbeat: { json: { type: 'session_heartbeat' } } });
    await trainer.heartbeat('sess-1', never());
    expect(sent('session_heartbeat')).toBe('{"session_id":"sess-1","type":"session_heartbeat"}');
  });
  test('create_model, full-parameter: rank 0 and no alpha', async () => {
    const { trainer } = await given({ create_model: accepted });
    await trainer.createModel({ sessionId: 'sess-1', modelSeq: 0, baseModel: 'm' }, never());
    expect(sent('create_model')).toBe(
      '{"session_id":"sess-1","model_seq_id":0,"base_model":"m","lora_config":{"rank":0,"train_unembed":true,"train_mlp":true,"train_attn":true},"type":"create_model"}',
    );
  });
  test('create_model, LoRA', async () => {
    const { trainer } = await given({ create_model: accepted });
    const lora = { rank: 16, alpha: 32, trainUnembed: false, trainMlp: true, trainAttn: true };
    await trainer.createModel({ sessionId: 'sess-1', modelSeq: 2, baseModel: 'm', lora }, never());
    expect(sent('create_model')).toContain(
      '"lora_config":{"rank":16,"alpha":32,"train_unembed":false,"train_mlp":true,"train_attn":true}',
    );
  });
  test('forward_backward, weights rounded to float32', async () => {
    const { trainer } = await given({ forward_backward: accepted });
    await trainer.forwardBackward({ ...step, data: [datum] }, never());
    expect(sent('forward_backward')).toBe(
      '{"forward_backward_input":{"data":[{"model_input":{"chunks":[{"type":"encoded_text","tokens":[5,6]}]},' +
        '"loss_fn_inputs":{"target_tokens":{"data":[6,7],"dtype":"int64","shape":[2]},' +
        '"weights":{"data":[0,0.10000000149011612],"dtype":"float32","shape":[2]}}}],"loss_fn":"cross_entropy"},' +
        '"model_id":"model-7","seq_id":3}',
    );
  });
  test('optim_step, with and without normalization', async () => {
    const { trainer, bodies } = await given({ optim_step: accepted });
    await trainer.optimStep({ ...step, adam, normalization: 'num_loss_tokens' }, never());
    await trainer.optimStep({ ...step, seq: 4, adam }, never());
    const params = {
      learning_rate: 1e-5,
      beta1: 0.9,
      beta2: 0.95,
      eps: 1e-12,
      weight_decay: 0.01,
      grad_clip_norm: 1,
    };
    const common = { adam_params: params, model_id: 'model-7', type: 'optim_step' };
    expect(bodies('optim_step')).toEqual([
      { ...common, seq_id: 3, grad_accumulation_normalization: 'num_loss_tokens' },
      { ...common, seq_id: 4 },
    ]);
  });
  test('save_weights, save_weights_for_sampler, load_weights', async () => {
    const { trainer } = await given({ weights: accepted });
    await trainer.saveState({ ...step, name: 'step-000040-g1' }, never());
    await trainer.saveSnapshot({ ...step, name: 'step-000040-g1-212ab365', type: 'delta' }, never());
    await trainer.loadState({ ...step, path: 'cross_job://old/step-40', optimizer: true }, never());
    expect(platform?.received.map(({ path, text }) => [path.split('/').at(-1), text])).toEqual([
      [
        'save_weights',
        '{"model_id":"model-7","path":"step-000040-g1","seq_id":3,"overwrite":false,"type":"save_weights"}',
      ],
      [
        'save_weights_for_sampler',
        '{"model_id":"model-7","path":"step-000040-g1-212ab365","seq_id":3,"type":"save_weights_for_sampler","checkpoint_type":"delta"}',
      ],
      [
        'load_weights',
        '{"model_id":"model-7","path":"cross_job://old/step-40","optimizer":true,"seq_id":3,"type":"load_weights"}',
      ],
    ]);
  });
  test('carry the API key in headers, and ask for JSON', async () => {
    const { trainer, received } = await given({ optim_step: accepted });
    await trainer.optimStep({ ...step, adam }, never());
    expect(received[0]?.headers).toMatchObject({
      'x-api-key': API_KEY,
      accept: 'application/json',
      'content-type': 'application/json',
    });
  });
  test.each<[string, Partial<Datum>]>([
    ['lengths differ', { weights: [1] }],
    ['nothing is in it', { inputTokens: [], targetTokens: [], weights: [] }],
    ['a weight is not finite', { weights: [0, Number.NaN] }],
    ['a weight overflows float32', { weights: [0, 1e39] }],
    ['a token is not an id', { targetTokens: [6, -1] }],
  ])('are not sent when %s', async (_, change) => {
    const { trainer, received } = await given({});
    const call = { ...step, data: [{ ...datum, ...change }] };
    expect(await failureOf(trainer.forwardBackward(call, never()))).toMatchObject({ type: 'InvalidRequest' });
    expect(received).toEqual([]);
  });
  test('are not sent under a name that could not be loaded', async () => {
    const { trainer, received } = await given({});
    expect(await failureOf(trainer.saveState({ ...step, name: 'Step/1' }, never()))).toMatchObject({
      type: 'InvalidRequest',
    });
    expect(received).toEqual([]);
  });
});

describe('results', () => {
  test('of forward_backward: loss, log-probabilities, numeric metrics', async () => {
    const { trainer } = await given({ forward_backward: accepted, retrieve_future: { json: output } });
    const pending = await trainer.forwardBackward({ ...step, data: [datum] }, never());
    expect(pending.requestId).toBe('req-12');
    expect(await pending.result(never())).toEqual({
      lossSum: 0.8,
      logprobs: [[-1.5, -0.25]],
      metrics: { 'loss:sum': 0.8, 'local_input_sequences:sum': 1 },
    });
  });
  test('of a diverged model are NaN, not an error', async () => {
    const nulls = { loss_fn_outputs: [{ logprobs: { data: [null, -1] } }], metrics: { 'loss:sum': null } };
    const { trainer } = await given({ forward_backward: accepted, retrieve_future: { json: nulls } });
    const pending = await trainer.forwardBackward({ ...step, data: [datum] }, never());
    expect(await pending.result(never())).toMatchObject({ lossSum: Number.NaN, logprobs: [[Number.NaN, -1]] });
  });
  test.each<[string, 'forward' | 'forwardBackward', object]>([
    ['a log-probability too few', 'forwardBackward', { ...output, loss_fn_outputs: [{ logprobs: { data: [-1] } }] }],
    ['an output too many', 'forwardBackward', { ...output, loss_fn_outputs: [output.loss_fn_outputs[0], {}] }],
    ['neither loss nor log-probabilities', 'forwardBackward', { loss_fn_outputs: [{}], metrics: { 'other:sum': 1 } }],
    ['a loss and no log-probabilities', 'forward', { loss_fn_outputs: [], metrics: output.metrics }],
    ['a loss and empty outputs', 'forward', { loss_fn_outputs: [{}], metrics: output.metrics }],
  ])('with %s, of %s, are no answer', async (_, pass, json) => {
    const { trainer } = await given({ '/forward': accepted, retrieve_future: { json } });
    const pending = await trainer[pass]({ ...step, data: [datum] }, never());
    expect((await failureOf(pending.result(never()))).message).toContain('unexpected answer');
  });
  test.each<[string, object]>([
    ['no outputs', { loss_fn_outputs: [], metrics: output.metrics }],
    ['empty outputs', { loss_fn_outputs: [{}], metrics: output.metrics }],
    ['outputs left out', { metrics: output.metrics }],
  ])('of forward_backward may be a loss with %s', async (_, json) => {
    const { trainer } = await given({ forward_backward: accepted, retrieve_future: { json } });
    const pending = await trainer.forwardBackward({ ...step, data: [datum] }, never());
    expect(await pending.result(never())).toMatchObject({ lossSum: 0.8, logprobs: [] });
  });
  test.each<['forward' | 'forwardBackward', object]>([
    ['forward', {}],
    ['forwardBackward', { 'local_input_sequences:sum': 1 }],
  ])('of %s without a loss have the one that their log-probabilities make', async (pass, metrics) => {
    const { trainer } = await given({ '/forward': accepted, retrieve_future: { json: { ...output, metrics } } });
    const weights = { ...datum, weights: [2, 0.5] };
    const pending = await trainer[pass]({ ...step, data: [weights] }, never());
    expect(await pending.result(never())).toMatchObject({ lossSum: 2 * 1.5 + 0.5 * 0.25, metrics });
  });
  test('of optim_step without metrics have none', async () => {
    const { trainer } = await given({ optim_step: accepted, retrieve_future: { json: {} } });
    expect(await (await trainer.optimStep({ ...step, adam }, never())).result(never())).toEqual({ metrics: {} });
  });
  test('of saving are the path that the trainer returned', async () => {
    const { trainer } = await given({ weights: accepted, retrieve_future: { json: { path: 'run-1-step' } } });
    const pending = await trainer.saveSnapshot({ ...step, name: 'step', type: 'base' }, never());
    expect(await pending.result(never())).toEqual({ path: 'run-1-step' });
  });
  test('of loading without a path are the path asked for', async () => {
    const { trainer } = await given({ load_weights: accepted, retrieve_future: { json: {} } });
    const pending = await trainer.loadState({ ...step, path: 'step-1', optimizer: false }, never());
    expect(await pending.result(never())).toEqual({ path: 'step-1' });
  });
  test('of create_model that would push weights by RDMA are refused', async () => {
    const model = { model_id: 'model-7', rdma_weight_sync_enabled: true };
    const { trainer } = await given({ create_model: accepted, retrieve_future: { json: model } });
    const pending = await trainer.createModel({ sessionId: 's', modelSeq: 0, baseModel: 'm' }, never());
    expect((await failureOf(pending.result(never()))).message).toContain('RDMA, which is not supported');
  });
  test('are asked for once, however often they are wanted', async () => {
    const { trainer, to } = await given({ optim_step: accepted, retrieve_future: { json: { metrics: { a: 1 } } } });
    const pending = await trainer.optimStep({ ...step, adam }, never());
    expect([await pending.result(never()), await pending.result(never())]).toEqual([
      { metrics: { a: 1 } },
      { metrics: { a: 1 } },
    ]);
    expect(to('retrieve_future')).toHaveLength(1);
  });
});

describe('retrieve_future', () => {
  const done: Reply = { json: { metrics: {} } };

  async function waiting(replies: readonly Reply[], config: Partial<FireworksConfig> = {}): Promise<unknown> {
    const { trainer } = await given({ optim_step: accepted, retrieve_future: replies }, config);
    const pending = await trainer.optimStep({ ...step, adam }, never());
    return pending.result(never());
  }
  const asked = (): number => platform?.to('retrieve_future').length ?? 0;

  test.each<[string, readonly Reply[]]>([
    ['408', [{ status: 408, json: { queue_state: 'active' } }, { status: 408 }, done]],
    ['5xx', [{ status: 500 }, { status: 502 }, { status: 599 }, done]],
    ['429', [{ status: 429 }, { status: 429 }, { status: 429 }, done]],
    ['400 three times', [{ status: 400, json: {} }, { status: 400, json: {} }, { status: 400, json: {} }, done]],
    ['402', [{ status: 402 }, { status: 402 }, done]],
    ['a reset connection', ['reset', 'reset', done]],
    ['try_again', [tryAgain, tryAgain, tryAgain, done]],
    ['complete_metadata', [{ json: { status: 'complete_metadata', response_payload_size: 9 } }, done]],
    ['an empty 400 of a proxy', [...Array.from({ length: 5 }, (): Reply => ({ status: 400, text: '' })), done]],
  ])('goes on after %s', async (_, replies) => {
    expect(await waiting(replies)).toEqual({ metrics: {} });
    expect(asked()).toBe(replies.length);
    expect(platform?.bodies('retrieve_future')[0]).toEqual({ request_id: 'req-12', allow_metadata_only: false });
    expect(platform?.to('retrieve_future')[0]?.headers).not.toHaveProperty('x-idempotency-key');
  });
  test('goes on after a poll that the server held for too long', async () => {
    const timeouts = { retrieve: { headersMs: 20, bodyMs: 1_000 } };
    expect(await waiting(['silence', 'silence', done], { timeouts })).toEqual({ metrics: {} });
  });
  test.each<[string, Reply, string, number]>([
    ['400 for the fourth time', { status: 400, json: { message: 'no' } }, 'InvalidRequest', 4],
    ['404', { status: 404 }, 'LostTrainer', 1],
    ['409', { status: 409 }, 'LostTrainer', 1],
    ['410', { status: 410 }, 'LostTrainer', 1],
    ['401', { status: 401 }, 'Unauthorized', 1],
    ['422', { status: 422 }, 'InvalidRequest', 1],
    ['an error of the user', { json: { error: 'bad token', category: 'User' } }, 'InvalidRequest', 1],
    ['an error of the server', { json: { error: 'out of memory', category: 'server' } }, 'LostTrainer', 1],
    ['an error of unknown category', { json: { error: 'odd', category: 'unknown' } }, 'LostTrainer', 1],
  ])('ends with %s', async (_, reply, type, calls) => {
    expect(await failureOf(waiting([reply]))).toMatchObject({ type });
    expect(asked()).toBe(calls);
  });
  test('gives up on silence, counted from the last sign of life', async () => {
    const retries = { ...FAST_RETRIES, retrieve: FAST_RETRIES.retrieve.map((rule) => ({ ...rule, times: 2 })) };
    const dead = { status: 503 };
    const replies = [dead, dead, tryAgain, dead, dead, tryAgain, dead, dead, dead];
    expect(await failureOf(waiting(replies, { retries }))).toMatchObject({ type: 'Unavailable', status: 503 });
    expect(asked()).toBe(9);
  });
  test('a failed request leaves the sequence usable', async () => {
    const { trainer } = await given({
      optim_step: accepted,
      retrieve_future: [{ json: { error: 'bad', category: 'user' } }, { json: { metrics: {} } }],
    });
    await failureOf((await trainer.optimStep({ ...step, adam }, never())).result(never()));
    const next = await trainer.optimStep({ ...step, seq: 4, adam }, never());
    expect(await next.result(never())).toEqual({ metrics: {} });
  });
  test('ends at once when it is cancelled', async () => {
    const { trainer } = await given({ optim_step: accepted, retrieve_future: 'silence' });
    const pending = await trainer.optimStep({ ...step, adam }, never());
    const controller = new AbortController();
    const result = failureOf(pending.result(controller.signal));
    controller.abort(new Error('enough'));
    expect((await result).message).toBe('enough');
  });
});

describe('admission', () => {
  const busy: Reply = { status: 503 };
  const optim = async (trainer: Trainer, seq: number): Promise<unknown> =>
    trainer.optimStep({ ...step, seq, adam }, never());

  test('resolves when accepted, before any result', async () => {
    const { trainer, to } = await given({ optim_step: accepted });
    await optim(trainer, 1);
    await optim(trainer, 2);
    expect(to('retrieve_future')).toEqual([]);
  });
  test.each<[string, Reply]>([
    ['503', busy],
    ['409', { status: 409 }],
    ['429', { status: 429 }],
    ['402', { status: 402 }],
    ['a reset connection', 'reset'],
    ['an empty 400 of a proxy', { status: 400, text: '' }],
  ])('after %s twice repeats the same bytes under the same key', async (_, reply) => {
    const { trainer, to } = await given({ optim_step: [reply, reply, accepted] });
    await optim(trainer, 3);
    const sends = to('optim_step');
    expect(sends).toHaveLength(3);
    expect(new Set(sends.map(({ text }) => text)).size).toBe(1);
    expect(new Set(sends.map(({ headers }) => headers['x-idempotency-key'])).size).toBe(1);
  });
  test('of the identical call by another worker is identical, key included', async () => {
    const { backend, to } = await given({ optim_step: accepted });
    await optim(backend.trainer('run42-policy'), 3);
    await optim(backend.trainer('run42-policy'), 3);
    await optim(backend.trainer('run42-policy'), 4);
    const [first, second, third] = to('optim_step').map(({ headers, text }) => [headers['x-idempotency-key'], text]);
    expect(second).toEqual(first);
    expect(third?.[0]).not.toBe(first?.[0]);
  });
  test('of sessions never shares a key: each is a new one', async () => {
    const { trainer, to } = await given({ create_session: { json: { session_id: 's' } } });
    await trainer.createSession([], never());
    await trainer.createSession([], never());
    expect(new Set(to('create_session').map(({ headers }) => headers['x-idempotency-key'])).size).toBe(2);
  });
  test.each([400, 403, 404, 422])('%d is final, and nothing after the gap is sent', async (status) => {
    const { trainer, to } = await given({ optim_step: [{ status, json: { message: 'no' } }, accepted] });
    const first = await failureOf(optim(trainer, 3));
    const second = await failureOf(optim(trainer, 4));
    expect(second.message).toContain('request 4 of model model-7 was not sent, because request 3 before it failed');
    expect(second).toMatchObject({ type: (first as { type?: string }).type });
    expect(to('optim_step')).toHaveLength(1);
  });
  test('of the missing number closes the gap', async () => {
    const { trainer, to } = await given({ optim_step: [{ status: 422, json: {} }, accepted] });
    await failureOf(optim(trainer, 3));
    await optim(trainer, 3);
    await optim(trainer, 4);
    expect(to('optim_step')).toHaveLength(3);
  });
  test('a gap of one model does not stop another', async () => {
    const { trainer } = await given({ optim_step: [{ status: 422, json: {} }, accepted] });
    await failureOf(optim(trainer, 3));
    await trainer.optimStep({ modelId: 'model-8', seq: 9, adam }, never());
  });
  test('x-should-retry: false is final at once', async () => {
    const { trainer, to } = await given({ optim_step: { status: 409, headers: { 'x-should-retry': 'false' } } });
    expect(await failureOf(optim(trainer, 3))).toMatchObject({ type: 'LostTrainer' });
    expect(to('optim_step')).toHaveLength(1);
  });
  test('of a number that was used with another body is not repeated', async () => {
    const { trainer, to } = await given({
      optim_step: { status: 409, json: { message: 'sequence number was reused with a different request payload' } },
    });
    expect(await failureOf(optim(trainer, 3))).toMatchObject({ type: 'LostTrainer' });
    expect(to('optim_step')).toHaveLength(1);
  });
  test('without a request id is not an admission', async () => {
    const { trainer } = await given({ optim_step: { json: {} } });
    expect((await failureOf(optim(trainer, 3))).message).toContain('request_id');
  });
});

describe('health', () => {
  test.each<[string, Reply, boolean]>([
    ['200', { json: { status: 'ok' } }, true],
    ['200 without JSON', { text: 'ok' }, true],
    ['503', { status: 503 }, false],
    ['404', { status: 404 }, false],
    ['a reset connection', 'reset', false],
  ])('of a trainer that answers %s', async (_, reply, healthy) => {
    const { trainer, to } = await given({ [`GET ${BASE}/healthz`]: reply });
    expect(await trainer.healthy(never())).toBe(healthy);
    expect(to('healthz')).toHaveLength(1);
  });
  test('a heartbeat is not repeated', async () => {
    const { trainer, to } = await given({ session_heartbeat: { status: 503 } });
    expect(await failureOf(trainer.heartbeat('s', never()))).toMatchObject({ type: 'Unavailable' });
    expect(to('session_heartbeat')).toHaveLength(1);
  });
});
