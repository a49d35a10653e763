import { Buffer } from 'node:buffer';
import { afterEach, describe, expect, test } from '@jest/globals';
import { inspect } from 'node:util';
import { createFireworksBackend } from '../../activities/backends/fireworks/index.ts';
import {
  API_KEY,
  FAST_RETRIES,
  failureOf,
  never,
  startPlatform,
  type Platform,
  type Reply,
} from './scripted-platform.ts';

let platform: Platform | undefined;

afterEach(async () => {
  await platform?.close();
  platform = undefined;
});

async function controlFailure(reply: Reply): Promise<Error> {
  platform = await startPlatform({ '': reply }, { retries: { controlPlane: [] } });
  return failureOf(platform.backend.provisioner.resolveShape('accounts/f/trainingShapes/s/versions/v', never()));
}

describe('type of a failure', () => {
  test.each([
    [400, 'InvalidRequest'],
    [401, 'Unauthorized'],
    [402, 'InvalidRequest'],
    [403, 'Unauthorized'],
    [408, 'Unavailable'],
    [409, 'InvalidRequest'],
    [410, 'InvalidRequest'],
    [412, 'InvalidRequest'],
    [422, 'InvalidRequest'],
    [425, 'Unavailable'],
    [429, 'Unavailable'],
    [500, 'Unavailable'],
    [503, 'Unavailable'],
    [302, 'InvalidRequest'],
  ])('control plane %d is %s', async (status, type) => {
    expect(await controlFailure({ status, json: { message: 'said' } })).toMatchObject({ type, status });
  });
  test.each([
    [400, 'InvalidRequest'],
    [403, 'Unauthorized'],
    [404, 'LostTrainer'],
    [409, 'LostTrainer'],
    [410, 'LostTrainer'],
    [422, 'InvalidRequest'],
  ])('trainer %d is %s', async (status, type) => {
    platform = await startPlatform({ '': { status, json: { message: 'said' } } }, { retries: { creation: [] } });
    expect(await failureOf(platform.backend.trainer('t').createSession([], never()))).toMatchObject({ type, status });
  });
  test('a refused key comes with the remedy', async () => {
    const error = await controlFailure({ status: 401, json: { error: { message: 'bad key', code: 'x' } } });
    expect(error.message).toMatch(/bad key\. Remedy: set FIREWORKS_API_KEY/);
  });
});

describe('message of a failure', () => {
  test.each<[string, Reply]>([
    ['error.message', { status: 400, json: { error: { message: 'the words', code: 'bad' }, message: 'other' } }],
    ['message', { status: 400, json: { code: 3, message: 'the words', details: [] } }],
    ['error', { status: 400, json: { error: 'the words' } }],
    ['detail', { status: 400, json: { detail: 'the words' } }],
    ['text', { status: 400, text: 'the\n words' }],
  ])('is taken from %s', async (_, reply) => {
    const error = await controlFailure(reply);
    expect(error.message).toContain('400: the words');
    expect(error.message).not.toContain('\n');
  });
  test('names method, host and path but no query', async () => {
    platform = await startPlatform({ '': { status: 400 } });
    const error = await failureOf(platform.backend.provisioner.resolveShape('accounts/f/trainingShapes/s', never()));
    expect(error.message).toContain(`GET ${platform.url}/v1/accounts/f/trainingShapes/s/versions answered 400`);
    expect(error.message).not.toContain('pageSize');
  });
  test('of a server that is not there says so, and what to check', async () => {
    const backend = createFireworksBackend({
      apiKey: 'k',
      baseUrl: 'http://127.0.0.1:1',
      retries: { controlPlane: [] },
    });
    const error = await failureOf(backend.provisioner.account(never()));
    await backend.close();
    expect(error).toMatchObject({ type: 'Unavailable' });
    expect(error.message).toMatch(
      /^GET http:\/\/127\.0\.0\.1:1\/v1\/accounts failed: .*ECONNREFUSED.*FIREWORKS_BASE_URL$/,
    );
  });
  test('after several attempts counts them', async () => {
    platform = await startPlatform({ '': { status: 503 } }, { retries: { controlPlane: twice() } });
    const error = await failureOf(platform.backend.provisioner.getTrainer('t', never()));
    expect(error).toMatchObject({ message: expect.stringContaining('(after 3 attempts)'), detail: { attempts: 3 } });
    expect(platform.received).toHaveLength(3);
  });
});

describe('ErrorInfo', () => {
  const info = (changes: object): object => ({
    '@type': 'type.googleapis.com/google.rpc.ErrorInfo',
    domain: 'training.fireworks.ai',
    reason: 'TRAINER_QUOTA_EXCEEDED',
    metadata: { version: '1', source: 'lifecycle', quota_required: '8' },
    ...changes,
  });
  const detailOf = async (detail: object): Promise<Error> =>
    controlFailure({ status: 429, json: { code: 8, message: 'quota', details: [{ '@type': 'x' }, detail] } });

  test('is part of the detail', async () => {
    expect(await detailOf(info({}))).toMatchObject({
      detail: { code: 8, reason: 'TRAINER_QUOTA_EXCEEDED', 'info.quota_required': '8' },
    });
  });
  test.each([
    ['another domain', { domain: 'example.com' }],
    ['another version', { metadata: { version: '2', source: 'lifecycle' } }],
    ['another source', { metadata: { version: '1', source: 'user' } }],
  ])('of %s is not trusted', async (_, changes) => {
    expect(await detailOf(info(changes))).not.toHaveProperty('detail.reason');
  });
});

describe('API key', () => {
  const echo = `you sent ${API_KEY} and ${encodeURIComponent(API_KEY)}`;
  test.each<[string, Reply]>([
    ['an error message', { status: 401, json: { error: { message: echo, code: API_KEY } } }],
    ['plain text', { status: 500, text: echo }],
    // 190 characters before it: cut at 200 first, a third of the key would be left.
    ['text that is cut', { status: 500, text: `${'x'.repeat(190)} ${API_KEY} ${'y'.repeat(200)}` }],
    ['basic authorization', { status: 403, text: `Basic ${Buffer.from(`user:${API_KEY}`).toString('base64')}` }],
    ['a field that does not parse', { json: { name: API_KEY, snapshot: API_KEY } }],
    ['text that is not JSON', { text: echo }],
  ])('echoed in %s does not leak', async (_, reply) => {
    const error = await controlFailure(reply);
    const everything = inspect(error, { depth: 10, showHidden: true });
    expect(everything).not.toContain(API_KEY);
    expect(everything).not.toContain(encodeURIComponent(API_KEY));
    expect(everything).not.toContain(API_KEY.slice(0, 9));
    expect(everything).not.toContain(Buffer.from(`user:${API_KEY}`).toString('base64').slice(8, 30));
  });
  test('echoed by a trainer, a stream or a status does not leak', async () => {
    platform = await startPlatform(
      {
        forward_backward: { json: { request_id: 'r' } },
        retrieve_future: { json: { error: echo, category: API_KEY, error_class: API_KEY } },
        completions: { events: [`event: error\ndata: ${JSON.stringify({ error: { message: echo } })}`] },
        rlorTrainerJobs: { json: { name: 'x', state: 'JOB_STATE_FAILED', statusMessage: echo } },
      },
      { retries: FAST_RETRIES },
    );
    const { backend } = platform;
    const target = { deploymentId: 'd', baseModel: 'm', replicas: 1 };
    const ask = { promptTokens: [1], maxTokens: 1, temperature: 0, requestId: 'r' };
    const datum = { inputTokens: [1], targetTokens: [2], weights: [1] };
    const pending = await backend.trainer('t').forwardBackward({ modelId: 'm', seq: 1, data: [datum] }, never());
    const seen = [
      await failureOf(pending.result(never())),
      await failureOf(backend.sampler.sample(target, ask, never())),
      await backend.provisioner.getTrainer('t', never()),
    ];
    expect(inspect(seen, { depth: 10, showHidden: true })).not.toContain(API_KEY);
    expect(inspect(seen, { depth: 10 })).toContain('you sent [key]');
  });
  test.each(['', 'two words', 'line\n', 'ключ'])('%j is refused at construction', (apiKey) => {
    expect(() => createFireworksBackend({ apiKey })).toThrow(/FIREWORKS_API_KEY/);
  });
});

describe('replies', () => {
  test('one that does not match names endpoint and field', async () => {
    const error = await controlFailure({ json: { name: 'x', snapshot: { baseModel: 7 } } });
    expect(error).toMatchObject({ type: 'Unavailable' });
    expect(error.message).toMatch(/GET http.*\/versions\/v gave an unexpected answer: snapshot\.baseModel: /);
  });
  test('one that is not JSON may pass', async () => {
    expect(await controlFailure({ text: '<html>' })).toMatchObject({ type: 'Unavailable' });
  });
  test('one that is too large is refused', async () => {
    platform = await startPlatform({ '': { text: 'x'.repeat(2_000) } }, { limits: { replyBytes: 1_000 } });
    const error = await failureOf(platform.backend.provisioner.getTrainer('t', never()));
    expect(error.message).toContain('larger than 1000 bytes');
  });
  test('one that never comes is given up at the deadline', async () => {
    platform = await startPlatform(
      { '': 'silence' },
      { retries: { controlPlane: [] }, timeouts: { controlRead: { headersMs: 20, bodyMs: 20 } } },
    );
    const error = await failureOf(platform.backend.provisioner.getTrainer('t', never()));
    expect(error).toMatchObject({ type: 'Unavailable', message: expect.stringContaining('no answer within 0.02 s') });
  });
});

describe('cancellation', () => {
  test('ends a request at once with the reason of the signal', async () => {
    platform = await startPlatform({ '': 'silence' });
    const controller = new AbortController();
    const asking = failureOf(platform.backend.provisioner.getTrainer('t', controller.signal));
    controller.abort(new Error('enough'));
    expect((await asking).message).toBe('enough');
  });
  test('ends the wait between two attempts', async () => {
    const controller = new AbortController();
    platform = await startPlatform(
      {
        '': () => {
          setImmediate(() => controller.abort(new Error('enough')));
          return { status: 503, headers: { 'retry-after': '60' } };
        },
      },
      { retries: {} },
    );
    expect((await failureOf(platform.backend.provisioner.getTrainer('t', controller.signal))).message).toBe('enough');
    expect(platform.received).toHaveLength(1);
  });
});

describe('base URL', () => {
  test.each(['', 'api.fireworks.ai', 'ftp://host', 'http://user:pass@host'])('%j is refused', (baseUrl) => {
    expect(() => createFireworksBackend({ apiKey: 'k', baseUrl })).toThrow(/FIREWORKS_BASE_URL/);
  });
  test('may carry a path', async () => {
    platform = await startPlatform({ '': { status: 404 } });
    const backend = createFireworksBackend({ apiKey: 'k', account: 'a', baseUrl: `${platform.url}/proxy/` });
    await backend.provisioner.getTrainer('t', never());
    await backend.close();
    expect(platform.received).toMatchObject([{ path: '/proxy/v1/accounts/a/rlorTrainerJobs/t' }]);
  });
});

function twice(): typeof FAST_RETRIES.controlPlane {
  return FAST_RETRIES.controlPlane.map((rule) => ({ ...rule, times: 2 }));
}
