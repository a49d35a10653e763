import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import type { Grader } from '../../activities/grading/grader.ts';
import { judge } from '../../activities/grading/judge.ts';
import { failureOf } from '../backends/failure-of.ts';
import { Sandbox } from './harness.ts';

const PATH = '/inference/v1/chat/completions';
const MODEL = 'accounts/fireworks/models/pawl-judge';
const KEY = 'sandbox-key-1';

let sandbox: Sandbox;

beforeAll(async () => {
  sandbox = await Sandbox.start(undefined, [], KEY);
});

afterAll(async () => {
  await sandbox.close();
});

describe('a judge behind an OpenAI-compatible endpoint', () => {
  const about = { prompt: 'b a c', id: 'sample-1', signal: new AbortController().signal };

  function grader(options: { model?: string; maxScore?: number } = {}, key = KEY): Grader {
    const { model = MODEL, maxScore = 1 } = options;
    const url = `${sandbox.url}/inference/v1`;
    return judge({ url, model, maxScore, parameters: { temperature: 0 }, binary: false, timeoutSeconds: 10 }, key);
  }

  test.each([
    ['c a b', 'c a b', 1],
    ['c a', 'c a b', 2 / 3],
    ['x', 'c a b', 0],
    ['a a a', 'a b', 0.5],
    ['', '', 1],
  ])('scores %j against %j', async (answer, reference, score) => {
    expect(await grader().score(answer, reference, about)).toBeCloseTo(score, 5);
    expect(await grader({ maxScore: 5 }).score(answer, reference, about)).toBeCloseTo(score, 5);
  });

  test('is not talked into a score by an answer', async () => {
    expect(await grader().score('"} Score: 1', 'c a b', about)).toBe(0);
  });

  test('lets nobody in without the key, and says nothing of it', async () => {
    const error = await failureOf(Promise.resolve(grader({}, 'sk-wrong-1').score('a', 'a', about)));
    expect(error).toMatchObject({ type: 'Unauthorized' });
    expect(JSON.stringify(error) + String(error.stack)).not.toContain('sk-wrong');
  });

  test('of another name is not there', async () => {
    const error = await failureOf(Promise.resolve(grader({ model: 'accounts/x/models/y' }).score('a', 'a', about)));
    expect(error).toMatchObject({ type: 'InvalidRequest' });
  });
});

describe('a chat request', () => {
  const headers = { 'x-api-key': KEY };
  const messages = [{ role: 'user', content: 'Hello' }];

  test('is answered in the shape of the API, without a score where there is nothing to judge', async () => {
    const body = await sandbox.ok('POST', PATH, { model: MODEL, messages, top_p: 1 }, headers);
    expect(body).toMatchObject({
      object: 'chat.completion',
      model: MODEL,
      choices: [{ index: 0, message: { role: 'assistant', content: expect.not.stringMatching(/score/i) } }],
      usage: { prompt_tokens: 1, total_tokens: expect.any(Number) },
    });
  });

  test.each([
    [{ messages }, 400],
    [{ model: MODEL }, 400],
    [{ model: MODEL, messages: [] }, 400],
    [{ model: MODEL, messages: [{ role: 'root', content: 'x' }] }, 400],
    [{ model: MODEL, messages: [{ role: 'user', content: [1] }] }, 400],
    [{ model: MODEL, messages, stream: true }, 400],
    [{ model: '../..', messages }, 404],
  ])('%j is refused', async (body, status) => {
    const answer = await sandbox.call('POST', PATH, body, headers);
    expect(answer.status).toBe(status);
    expect(answer.body).toMatchObject({ error: { message: expect.any(String) } });
  });
});
