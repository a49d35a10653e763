import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { Completion } from '../../sandbox/serving/completion.ts';
import type { GenerateResult } from '../../sandbox/serving/messages.ts';
import { PromptCache } from '../../sandbox/serving/prompt-cache.ts';
import {
  DATA,
  Deployed,
  Sandbox,
  datum,
  startTrainer,
  type Completion as Answer,
  type Json,
  type Model,
} from './harness.ts';

const PROMPT = [10, 11, 12, 3];
const DONE: GenerateResult = {
  finishReason: 'stop',
  queuedMs: 0,
  firstTokenMs: 0,
  totalMs: 0,
  concurrent: 1,
  cachedTokens: 0,
};

describe('text of a stream', () => {
  const vocabulary = ['<pad>', 'a', 'b', 'c'];

  function told(stop: string[], tokens: number[]): string[] {
    const completion = new Completion({ index: 0, prompt: [], vocabulary, stop, logprobs: false, rawOutput: false });
    const texts = tokens.map((token) => {
      completion.add([{ token, logprob: 0, samplingLogprob: 0, top: [] }]);
      return (completion.nextChoice() as { text: string }).text;
    });
    return [...texts, (completion.lastChoice(DONE) as { text: string }).text];
  }

  test('holds back what may begin a stop string', () => {
    expect(told(['b c'], [1, 2, 3])).toEqual(['a', ' ', '', '']);
  });

  test('and tells it when it does not', () => {
    expect(told(['b c'], [1, 2, 1])).toEqual(['a', ' ', 'b a', '']);
    expect(told(['b c'], [1, 2])).toEqual(['a', ' ', 'b']);
  });
});

describe('the prompt cache', () => {
  const cache = { length: 2, keys: [Float32Array.of(1)], values: [Float32Array.of(2)] };

  test('gives copies, by tokens', () => {
    const prompts = new PromptCache();
    prompts.add([1, 2], undefined, cache);
    prompts.find([1, 2], undefined)?.keys[0]?.fill(9);
    expect(prompts.find([1, 2], 'any')).toEqual(cache);
    expect(prompts.find([1], undefined)).toBeUndefined();
  });

  test.each([
    ['all', undefined, undefined],
    ['none', cache, cache],
    ['new_session', cache, undefined],
  ] as const)('reset %s', (how, own, other) => {
    const prompts = new PromptCache();
    prompts.add([1, 2], 'own', cache);
    prompts.reset(how);
    expect(prompts.find([1, 2], 'own')).toEqual(own);
    expect(prompts.find([1, 2], 'other')).toEqual(other);
  });
});

describe('sampling', () => {
  let sandbox: Sandbox;
  let model: Model;
  let deployed: Deployed;

  beforeAll(async () => {
    sandbox = await Sandbox.start();
    model = await (await startTrainer(sandbox, 'job-s')).model();
    deployed = await Deployed.create(sandbox, 'dep-s', 'job-s');
    for (let step = 0; step < 10; step++) await model.step(DATA);
    await model.snapshot('s-1', 'base');
    await deployed.sync('s-1');
  });
  afterAll(async () => {
    await sandbox.close();
  });

  async function ask(extra: Json): Promise<Answer> {
    return (await deployed.complete(PROMPT, { perf_metrics_in_response: true, ...extra })).body;
  }

  test('several answers to one prompt differ, and repeat by seed', async () => {
    const body = await ask({ n: 4, seed: 5, temperature: 1, ignore_eos: true });
    expect(body.choices.map((choice) => choice['index' as keyof typeof choice])).toEqual([0, 1, 2, 3]);
    const tokens = body.choices.map((choice) => choice.raw_output.completion_token_ids.join());
    expect(new Set(tokens).size).toBeGreaterThan(1);
    expect(body.usage.completion_tokens).toBe(32);
    expect((await ask({ n: 4, seed: 5, temperature: 1, ignore_eos: true })).choices).toEqual(body.choices);
    expect((await ask({ n: 1, seed: 5, temperature: 1, ignore_eos: true })).choices[0]).toEqual(body.choices[0]);
  });

  test('several answers can be streamed', async () => {
    const request = {
      model: deployed.name,
      prompt: PROMPT,
      n: 2,
      stream: true,
      max_tokens: 3,
      temperature: 0,
      ignore_eos: true,
    };
    const headers = { 'content-type': 'application/json', 'x-api-key': 'k' };
    const url = `${sandbox.url}/inference/v1/completions`;
    const text = await (await fetch(url, { method: 'POST', headers, body: JSON.stringify(request) })).text();
    const events = text.split('\n\n').filter((event) => event !== '');
    expect(events.at(-1)).toBe('data: [DONE]');
    const chunks = events.slice(0, -1).map((event) => JSON.parse(event.slice(6)) as Json & { choices: Json[] });
    const said = [0, 1].map((index) =>
      chunks
        .flatMap(({ choices }) => choices.filter((choice) => choice['index'] === index).map((choice) => choice['text']))
        .join(''),
    );
    expect(said[0]).toBe(said[1]);
    expect(chunks.filter((chunk) => 'usage' in chunk)).toHaveLength(1);
    expect(chunks.at(-1)?.['usage']).toMatchObject({ completion_tokens: 6 });
  });

  test("echo_last tells the prompt's last tokens, as the trainer scores them", async () => {
    const { choices } = await ask({ echo_last: 2, max_tokens: 2 });
    const choice = choices[0];
    const tokens = choice?.raw_output.completion_token_ids ?? [];
    expect(tokens.slice(0, 2)).toEqual(PROMPT.slice(2));
    expect(choice?.logprobs.content).toHaveLength(tokens.length);
    const scores = await model.forward([datum([...PROMPT, ...tokens.slice(2)])]);
    const trained = scores.loss_fn_outputs[0]?.logprobs.data.slice(1) ?? [];
    choice?.logprobs.content.forEach(({ logprob }, i) =>
      expect(Math.abs((logprob ?? 0) - (trained[i] ?? 0))).toBeLessThan(1e-4),
    );
    expect((await ask({ echo_last: 99, max_tokens: 2 })).choices).toEqual(
      (await ask({ echo: true, max_tokens: 2 })).choices,
    );
    // The narrower word wins: with both, the last ones only.
    expect((await ask({ echo: true, echo_last: 2, max_tokens: 2 })).choices).toEqual(choices);
  });

  test.each([
    [1_000, 28],
    [29, 28],
    [28, 28],
    [27, 27],
  ])('prompt and answer fit the context together: asked for %i tokens, it says %i', async (asked, said) => {
    const { usage, choices } = await ask({ max_tokens: asked, ignore_eos: true });
    expect([usage.completion_tokens, choices[0]?.finish_reason]).toEqual([said, 'length']);
  });

  test('or are refused, if that is wanted', async () => {
    const error = { context_length_exceeded_behavior: 'error', max_tokens: 29 };
    expect(await deployed.complete(PROMPT, error)).toMatchObject({ status: 400 });
    expect(await deployed.complete(PROMPT, { ...error, max_tokens: 28 })).toMatchObject({ status: 200 });
  });

  test.each([
    ['repetition_penalty', 1.2, 1],
    ['frequency_penalty', 0.5, 0],
    ['presence_penalty', -1, 0],
    ['typical_p', 0.9, 1],
    ['top_sampling_logprobs', 5, 0],
  ])('%s is refused by name, not ignored', async (name, value, neutral) => {
    const refused = await deployed.complete(PROMPT, { [name]: value });
    expect([refused.status, JSON.stringify(refused.body)]).toEqual([400, expect.stringContaining(name)]);
    expect((await deployed.complete(PROMPT, { [name]: neutral })).status).toBe(200);
  });

  test.each([
    ['a field that nobody knows', { top_pp: 0.9 }, 'top_pp'],
    ['reasoning that no model here does', { reasoning_effort: 'high' }, 'reasoning_effort'],
    ['a bias of some tokens', { logit_bias: { 3: 5 } }, 'logit_bias'],
  ])('%s is refused in the words that clients look for', async (_what, extra, name) => {
    const { status, body } = await deployed.complete(PROMPT, extra);
    expect([status, JSON.stringify(body)]).toEqual([
      400,
      expect.stringContaining(`Extra inputs are not permitted, field: '${name}'`),
    ]);
  });

  test('what changes no answer is taken', async () => {
    const plain = await deployed.complete(PROMPT, { seed: 3, temperature: 1 });
    const books = { user: 'u', metadata: { run: 'r' }, service_tier: 'priority', speculation: null };
    const kept = await deployed.complete(PROMPT, { seed: 3, temperature: 1, ...books });
    expect(kept.body.choices).toEqual(plain.body.choices);
  });

  test('a prompt is read once, with the same result', async () => {
    const prompt = [20, 21, 22, 23, 3];
    const read = async (): Promise<[unknown, unknown]> => {
      const { body } = await deployed.complete<Answer & { perf_metrics: Json }>(prompt, {
        perf_metrics_in_response: true,
      });
      return [body.perf_metrics['cached-prompt-tokens'], body.choices];
    };
    const [first, second] = [await read(), await read()];
    expect([first[0], second[0]]).toEqual(['0', '4']);
    expect(second[1]).toEqual(first[1]);
    await model.step(DATA);
    await model.snapshot('s-2', 'base');
    await deployed.sync('s-2');
    expect((await read())[0]).toBe('0');
  });

  test('both log-probabilities are told: the model’s, and that of the truncated, tempered choice', async () => {
    const { choices } = await ask({ temperature: 0.5, top_k: 1, seed: 1 });
    for (const { logprob, sampling_logprob: sampled } of choices[0]?.logprobs.content ?? []) {
      expect(sampled).toBe(0);
      expect(logprob ?? 0).toBeLessThan(0);
    }
    const plain = await ask({ temperature: 1, seed: 1 });
    for (const { logprob, sampling_logprob: sampled } of plain.choices[0]?.logprobs.content ?? []) {
      expect(sampled).toBeCloseTo(logprob ?? 0, 5);
    }
  });
});
