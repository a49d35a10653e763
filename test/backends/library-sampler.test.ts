import { afterEach, describe, expect, test } from '@jest/globals';
import {
  Fireworks,
  type DeploymentSampler,
  type DeploymentSamplerOptions,
  type SampledSequence,
  type SampleOptions,
} from '../../activities/backends/fireworks/index.ts';
import { failureOf, FAST_SETTINGS, startServer, type Reply, type Server } from './scripted-platform.ts';

const prompt = [5, 6, 7];

let server: Server | undefined;
let fireworks: Fireworks | undefined;

async function given(
  reply: Reply | ((index: number) => Reply),
  options: Partial<DeploymentSamplerOptions> = {},
): Promise<DeploymentSampler> {
  server = await startServer({ completions: typeof reply === 'function' ? (_, count) => reply(count) : reply });
  fireworks = new Fireworks({ apiKey: 'key', baseUrl: server.url, account: 'acme', ...FAST_SETTINGS });
  return fireworks.sampler({ deploymentId: 'roll', ...options });
}

interface Row {
  readonly logprob: number | null;
  readonly sampling_logprob?: number | null;
  readonly top_logprobs?: readonly { token: string; token_id: number; logprob: number }[];
}

function stream(tokens: readonly number[], content: readonly Row[], perf: object = {}): Reply {
  const choice = {
    text: 'x',
    finish_reason: 'stop',
    logprobs: { content },
    raw_output: { completion_token_ids: tokens, prompt_token_ids: prompt },
  };
  return { events: [`data: ${JSON.stringify({ choices: [choice], perf_metrics: perf })}`, 'data: [DONE]'] };
}

function rows(...logprobs: (number | null)[]): Row[] {
  return logprobs.map((logprob) => ({ logprob, sampling_logprob: null }));
}

async function only(sampler: DeploymentSampler, options: Partial<SampleOptions> = {}): Promise<SampledSequence> {
  const [sequence, ...others] = await sampler.sample({ promptTokens: prompt, maxTokens: 4, ...options });
  expect(others).toEqual([]);
  if (sequence === undefined) throw new Error('no sequence');
  return sequence;
}

afterEach(async () => {
  await fireworks?.close();
  await server?.close();
});

describe('a request', () => {
  test('is made per sample, each with a seed and an id of its own', async () => {
    const sampler = await given(stream([8], rows(-1)));
    const options = { promptTokens: prompt, maxTokens: 4, n: 3, seed: 40, promptCacheKey: 'group-17', topLogprobs: 2 };
    expect(await sampler.sample(options)).toHaveLength(3);
    const bodies = (server?.bodies('completions') ?? []) as { seed: number }[];
    expect(bodies.map(({ seed }) => seed).sort((a, b) => a - b)).toEqual([40, 41, 42]);
    expect(new Set(server?.received.map(({ headers }) => headers['x-request-id'])).size).toBe(3);
    expect({ ...bodies[0], seed: 0 }).toEqual({
      model: 'accounts/acme/deployments/roll',
      prompt,
      n: 1,
      max_tokens: 4,
      temperature: 1,
      top_p: 1,
      top_k: 0,
      stream: true,
      raw_output: true,
      perf_metrics_in_response: true,
      logprobs: true,
      top_logprobs: 2,
      seed: 0,
      prompt_cache_key: 'group-17',
    });
  });
  test('is not made for a prompt that fills the context', async () => {
    const sampler = await given(stream([8], rows(-1)), { maxSequenceTokens: 3 });
    const said: string[] = [];
    const onDropped = (why: string): number => said.push(why);
    expect(await sampler.sample({ promptTokens: prompt, maxTokens: 4, onDropped })).toEqual([]);
    expect([server?.received, said]).toEqual([[], [expect.stringContaining('no room within 3')]]);
  });
  test.each<[string, Partial<SampleOptions>]>([
    ['no prompt', { promptTokens: [] }],
    ['a prompt of something else', { promptTokens: [1.5] }],
    ['no samples', { n: 0 }],
  ])('is refused with %s', async (_, options) => {
    const sampler = await given(stream([8], rows(-1)));
    const sampling = sampler.sample({ promptTokens: prompt, maxTokens: 4, ...options });
    expect(await failureOf(sampling)).toMatchObject({ type: 'InvalidRequest' });
    expect(server?.received).toEqual([]);
  });
});

describe('a sequence', () => {
  test('that outgrew the context is left out, which is said', async () => {
    const sampler = await given((index) => stream(index === 0 ? [8, 9] : [8], index === 0 ? rows(-1, -1) : rows(-1)), {
      maxSequenceTokens: 4,
    });
    const said: string[] = [];
    const onDropped = (why: string): number => said.push(why);
    expect(await sampler.sample({ promptTokens: prompt, maxTokens: 4, n: 2, onDropped })).toHaveLength(1);
    expect(said).toEqual(['a sequence of 5 tokens, more than 4']);
  });
  test('has the alternatives of each token that were asked for, of the prompt too where it is echoed', async () => {
    const entry = (...top: number[]): Row => ({
      logprob: -1,
      sampling_logprob: -1,
      top_logprobs: top.map((id, index) => ({ token: `t${id}`, token_id: id, logprob: -1 - index })),
    });
    const drawn = stream([8, 9], [entry(8, 3), entry(4)]);
    expect((await only(await given(drawn), { topLogprobs: 2 })).topLogprobs).toEqual([
      [
        { token: 8, text: 't8', logprob: -1 },
        { token: 3, text: 't3', logprob: -2 },
      ],
      [{ token: 4, text: 't4', logprob: -1 }],
    ]);
    await server?.close();
    await fireworks?.close();
    const echoed = stream([...prompt, 8], [entry(), entry(1), entry(2), entry(3)]);
    const sequence = await only(await given(echoed), { topLogprobs: 1, echo: true });
    const tokens = (rowsOf: typeof sequence.topLogprobs): unknown =>
      rowsOf?.map((row) => row.map(({ token }) => token));
    expect(tokens(sequence.topLogprobs)).toEqual([[3]]);
    expect(tokens(sequence.targetTopLogprobs)).toEqual([[1], [2], [3]]);
  });
  test('has the probabilities of the distribution that it was drawn from, where the server tells', async () => {
    const sampler = await given(stream([8], [{ logprob: -2, sampling_logprob: -0.5 }]));
    expect(await only(sampler, { temperature: 0.7 })).toMatchObject({ logprobs: [-2], samplingLogprobs: [-0.5] });
  });
  test('that was drawn from the model itself has the model’s own', async () => {
    expect((await only(await given(stream([8], rows(-2))))).samplingLogprobs).toEqual([-2]);
  });
  test.each<[string, Partial<SampleOptions>]>([
    ['temperature', { temperature: 0.7 }],
    ['top_p', { topP: 0.9 }],
    ['top_k', { topK: 20 }],
  ])('that was drawn with %s, untold, has none', async (_, options) => {
    expect(await only(await given(stream([8], rows(-2))), options)).not.toHaveProperty('samplingLogprobs');
  });
  test('with an echoed prompt is aligned with the targets of a training example', async () => {
    const sampler = await given(stream([...prompt, 8, 9], rows(null, -0.1, -0.2, -0.3, -0.4)));
    const sequence = await only(sampler, { echo: true });
    expect(sequence).toMatchObject({
      tokens: [8, 9],
      logprobs: [-0.3, -0.4],
      targetLogprobs: [-0.1, -0.2, -0.3, -0.4],
    });
    expect(sequence.targetLogprobs?.[prompt.length - 1]).toBe(sequence.logprobs[0]);
    expect(server?.bodies('completions')[0]).toMatchObject({ echo: true });
  });
  test.each<[string, readonly number[], Row[], string]>([
    ['begins with another prompt', [5, 6, 8, 9], rows(null, -1, -1, -1), 'do not begin with the prompt'],
    ['is shorter than the prompt', [5, 6], rows(null, -1), 'do not begin with the prompt'],
    ['lacks a row', [5, 6, 7, 8], rows(null, -1, -1), '0 log-probabilities for 1 tokens'],
    ['lacks a probability of the prompt', [5, 6, 7, 8], rows(null, null, -1, -1), 'no log-probability'],
  ])('whose echo %s is refused', async (_, tokens, content, text) => {
    const sampler = await given(stream(tokens, content));
    expect((await failureOf(only(sampler, { echo: true }))).message).toContain(text);
  });
});

describe('concurrency', () => {
  test('grows while prompts do not wait', async () => {
    const sampler = await given(stream([8], rows(-1), { 'prefill-queue-duration': '0.01' }));
    await sampler.sample({ promptTokens: prompt, maxTokens: 4, n: 32 });
    expect(sampler.concurrency).toBe(12);
  });
  test('falls when the deployment turns requests away', async () => {
    const sampler = await given((index) => (index === 0 ? { status: 429 } : stream([8], rows(-1))));
    await only(sampler);
    expect(sampler.concurrency).toBe(4);
  });
  test('keeps to a fixed number of requests', async () => {
    const sampler = await given(stream([8], rows(-1)), { concurrency: { mode: 'fixed', limit: 2 } });
    let open = 0;
    let most = 0;
    server?.intercept(async () => {
      most = Math.max(most, ++open);
      await new Promise((resolve) => {
        setTimeout(resolve, 2);
      });
      open -= 1;
    });
    await sampler.sample({ promptTokens: prompt, maxTokens: 4, n: 8 });
    expect(most).toBe(2);
  });
  test('one refused sample ends the others', async () => {
    const sampler = await given((index) => (index === 0 ? { status: 400 } : 'silence'));
    const sampling = sampler.sample({ promptTokens: prompt, maxTokens: 4, n: 20 });
    expect(await failureOf(sampling)).toMatchObject({ status: 400 });
    expect(server?.received.length).toBeLessThan(20);
  });
});
