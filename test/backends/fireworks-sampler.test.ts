import { afterEach, describe, expect, test } from '@jest/globals';
import type { FireworksConfig } from '../../activities/backends/fireworks/index.ts';
import type { Sample } from '../../activities/ports.ts';
import { FAST_RETRIES, failureOf, never, startPlatform, type Platform, type Reply } from './scripted-platform.ts';

const target = { deploymentId: 'run42-rollout', baseModel: 'accounts/fireworks/models/demo-8b', replicas: 1 };
const request = {
  promptTokens: [151_644, 872],
  maxTokens: 16,
  temperature: 0.5,
  seed: 7,
  stop: ['<|im_end|>'],
  requestId: '0123456789abcdef0123456789abcdef',
};

function data(value: object): string {
  return `data: ${JSON.stringify(value)}`;
}

function chunk(text: string, logprobs: readonly number[], more: object = {}): string {
  const content = logprobs.map((logprob) => ({ token: 'x', token_id: 1, logprob, sampling_logprob: logprob }));
  return data({
    id: 'cmpl-1',
    model: 'accounts/acme/deployments/run42-rollout@step-4-212ab365',
    choices: [{ index: 0, text, logprobs: { content }, ...more }],
  });
}

const last = data({
  choices: [
    { index: 0, text: '', finish_reason: 'stop', raw_output: { completion_token_ids: [19, 20], completion: '4é' } },
  ],
  usage: { prompt_tokens: 2, completion_tokens: 2 },
});
const whole: Reply = {
  events: [
    ': ping',
    chunk('4', [-0.5]),
    'event: ping\ndata: {"type":"ping"}',
    chunk('é', [-0.25]),
    last,
    'data: [DONE]',
  ],
};

let platform: Platform | undefined;

async function sampled(replies: Reply | readonly Reply[], config: Partial<FireworksConfig> = {}): Promise<Sample> {
  platform = await startPlatform({ 'POST /inference/v1/completions': replies }, config);
  return platform.backend.sampler.sample(target, request, never());
}

afterEach(async () => {
  await platform?.close();
  platform = undefined;
});

const asked = (): number => platform?.received.length ?? 0;

describe('request', () => {
  test('names the deployment and overrides the defaults of the model', async () => {
    await sampled(whole);
    expect(platform?.bodies('')).toEqual([
      {
        model: 'accounts/acme/deployments/run42-rollout',
        prompt: [151_644, 872],
        n: 1,
        max_tokens: 16,
        temperature: 0.5,
        top_p: 1,
        top_k: 0,
        stream: true,
        raw_output: true,
        perf_metrics_in_response: true,
        logprobs: true,
        stop: ['<|im_end|>'],
        seed: 7,
      },
    ]);
  });
  test('keeps its id over retries', async () => {
    await sampled([{ status: 503 }, { status: 429 }, whole]);
    expect(platform?.received.map(({ headers }) => headers['x-request-id'])).toEqual(Array(3).fill(request.requestId));
  });
});

describe('sample', () => {
  test('is put together from the stream', async () => {
    expect(await sampled(whole)).toEqual({
      tokens: [19, 20],
      text: '4é',
      finishReason: 'stop',
      logprobs: [-0.5, -0.25],
      servedIdentity: 'step-4-212ab365',
      latencyMs: expect.any(Number),
    });
  });
  test('may be empty', async () => {
    const empty = data({ choices: [{ finish_reason: 'stop', raw_output: { completion_token_ids: [] } }] });
    expect(await sampled({ events: [empty] })).toMatchObject({ tokens: [], text: '', logprobs: [] });
  });
  test('of a stream that names no snapshot has no served identity', async () => {
    const plain = data({ model: 'accounts/acme/deployments/d', choices: [] });
    const end = data({ choices: [{ finish_reason: 'length', raw_output: { completion_token_ids: [] } }] });
    const sample = await sampled({ events: [plain, end] });
    expect(sample).not.toHaveProperty('servedIdentity');
    expect(sample.finishReason).toBe('length');
  });
  test('many at once share one backend', async () => {
    platform = await startPlatform({ completions: whole });
    const { sampler } = platform.backend;
    const signal = never();
    const samples = await Promise.all(Array.from({ length: 64 }, () => sampler.sample(target, request, signal)));
    expect(new Set(samples.map(({ tokens }) => tokens.join(' ')))).toEqual(new Set(['19 20']));
    expect(platform.received).toHaveLength(64);
  });
});

describe('retries', () => {
  test.each<[string, Reply]>([
    ['425', { status: 425 }],
    ['404', { status: 404 }],
    ['408', { status: 408 }],
    ['429', { status: 429 }],
    ['503', { status: 503 }],
    ['a reset connection', 'reset'],
    ['a stream that ends without a reason', { events: [chunk('4', [-0.5])] }],
    ['a stream that ends with nothing but [DONE]', { events: ['data: [DONE]'] }],
    ['a stream that is cut', { events: [chunk('4', [-0.5])], cut: true }],
    ['an error event with status 503', { events: ['event: error\ndata: {"error":{"message":"busy","status":503}}'] }],
    ['an error chunk with status_code 429', { events: ['data: {"error":{"message":"busy","status_code":"429"}}'] }],
  ])('after %s twice starts over', async (_, reply) => {
    expect(await sampled([reply, reply, whole])).toMatchObject({ tokens: [19, 20], text: '4é' });
    expect(asked()).toBe(3);
  });
  test('six times, then gives up', async () => {
    expect(await failureOf(sampled({ status: 503 }))).toMatchObject({ type: 'Unavailable' });
    expect(asked()).toBe(7);
  });
  test('ten times while the deployment warms up, then says so', async () => {
    const error = await failureOf(sampled({ status: 404, json: { message: 'no such model' } }));
    expect(error).toMatchObject({ type: 'Unavailable', message: expect.stringContaining('run42-rollout serving?') });
    expect(asked()).toBe(11);
  });
});

describe('failure', () => {
  test.each<[string, Reply, string, string]>([
    ['400', { status: 400, json: { error: { message: 'too long' } } }, 'InvalidRequest', 'too long'],
    ['401', { status: 401 }, 'Unauthorized', 'FIREWORKS_API_KEY'],
    ['422', { status: 422 }, 'InvalidRequest', '422'],
    [
      'an error event without status',
      { events: ['event: error\ndata: {"error":{"message":"boom"}}'] },
      'Unavailable',
      'boom',
    ],
    ['an error event that is not JSON', { events: ['event: error\ndata: boom'] }, 'Unavailable', 'boom'],
    [
      'an error event with status 400',
      { events: ['event: error\ndata: {"error":{"message":"no","status":400}}'] },
      'InvalidRequest',
      'no',
    ],
    [
      'an unknown reason to finish',
      { events: [data({ choices: [{ finish_reason: 'error' }] })] },
      'Unavailable',
      'finish_reason error',
    ],
  ])('of one call: %s', async (_, reply, type, text) => {
    expect(await failureOf(sampled(reply))).toMatchObject({ type, message: expect.stringContaining(text) });
    expect(asked()).toBe(1);
  });
  test.each<[string, Reply, string]>([
    [
      'no token ids',
      { events: [data({ choices: [{ finish_reason: 'stop', raw_output: {} }] })] },
      'completion_token_ids',
    ],
    ['too few log-probabilities', { events: [chunk('4', [-0.5]), last] }, '1 log-probabilities for 2 tokens'],
    ['an event that is not JSON', { events: ['data: {"choices":'] }, 'stream'],
    ['a document instead of a stream', { json: { choices: [] } }, 'one JSON document'],
  ])('that is no answer is asked for again: %s', async (_, reply, text) => {
    expect(await failureOf(sampled(reply, { retries: FAST_RETRIES }))).toMatchObject({
      type: 'Unavailable',
      message: expect.stringContaining(text),
    });
    expect(asked()).toBeGreaterThan(3);
  });
  test('of a stream without end is bounded', async () => {
    const limits = { completionBytes: 10_000 };
    const error = await failureOf(
      sampled({ events: Array(500).fill(chunk('4', [-0.5])) }, { limits, retries: FAST_RETRIES }),
    );
    expect(error.message).toContain('longer than 10000 bytes');
  });
});
