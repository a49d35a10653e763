import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { DATA, Deployed, NANO, Sandbox, startTrainer, type Completion, type Json, type Model } from './harness.ts';

const PROMPT = [10, 11, 12, 3];
const EOS = 1;

function choiceOf(body: Completion): Completion['choices'][number] {
  const choice = body.choices[0];
  if (choice === undefined) throw new Error('a completion without a choice');
  return choice;
}

describe('completions', () => {
  let sandbox: Sandbox;
  let model: Model;
  let deployed: Deployed;

  beforeAll(async () => {
    sandbox = await Sandbox.start();
    model = await (await startTrainer(sandbox, 'job-i')).model();
    deployed = await Deployed.create(sandbox, 'dep-i', 'job-i');
    for (let step = 0; step < 60; step++) await model.step(DATA);
    await model.snapshot('learnt', 'base');
    await deployed.sync('learnt');
  });
  afterAll(async () => {
    await sandbox.close();
  });

  test('greedy decoding says what was learnt, and ends with the end token', async () => {
    const { body } = await deployed.complete(PROMPT, { stop: ['<eos>'] });
    expect(choiceOf(body)).toMatchObject({
      text: 'CH D DH',
      finish_reason: 'stop',
      raw_output: { prompt_token_ids: PROMPT, completion_token_ids: [50, 51, 52, EOS] },
    });
    expect(body.usage).toEqual({ prompt_tokens: 4, completion_tokens: 4, total_tokens: 8 });
    expect(body.model).toBe('accounts/sandbox/deployments/dep-i@learnt');
  });

  test('a stream says the same in pieces, and names the snapshot', async () => {
    const { body } = await deployed.complete(PROMPT, { perf_metrics_in_response: true });
    const response = await fetch(`${sandbox.url}/inference/v1/completions`, {
      method: 'POST',
      headers: { authorization: 'Bearer key', 'content-type': 'application/json' },
      body: JSON.stringify({
        model: deployed.name,
        prompt: PROMPT,
        max_tokens: 8,
        temperature: 0,
        stream: true,
        raw_output: true,
        logprobs: true,
        perf_metrics_in_response: true,
      }),
    });
    expect(response.headers.get('content-type')).toContain('text/event-stream');
    const events = (await response.text()).split('\n\n').filter((event) => event !== '');
    expect(events.pop()).toBe('data: [DONE]');
    const chunks = events.map(
      (event) => JSON.parse(event.replace('data: ', '')) as Completion & { perf_metrics?: Json },
    );
    expect(chunks.map((chunk) => choiceOf(chunk).text).join('')).toBe(choiceOf(body).text);
    expect(chunks.flatMap((chunk) => choiceOf(chunk).logprobs?.content ?? [])).toEqual(choiceOf(body).logprobs.content);
    const last = chunks.at(-1);
    expect(last && choiceOf(last)).toMatchObject({ finish_reason: 'stop', raw_output: choiceOf(body).raw_output });
    expect(last?.perf_metrics).toMatchObject({ 'prompt-tokens': '4' });
    expect(new Set(chunks.map((chunk) => chunk.model))).toEqual(new Set([`${deployed.name}@learnt`]));
  });

  test('max_tokens and the end of the context cut an answer short', async () => {
    expect(choiceOf((await deployed.complete(PROMPT, { max_tokens: 2 })).body)).toMatchObject({
      finish_reason: 'length',
    });
    const long = await deployed.complete(PROMPT, { max_tokens: 1000, ignore_eos: true });
    expect(choiceOf(long.body).finish_reason).toBe('length');
    // The last token has its place in the context too, although nothing is asked of it.
    expect(choiceOf(long.body).raw_output.completion_token_ids).toHaveLength(32 - PROMPT.length);
    expect((await deployed.complete(Array.from({ length: 32 }, () => 5))).status).toBe(400);
  });

  test('a stop string ends the answer and is not part of its text', async () => {
    expect(choiceOf((await deployed.complete(PROMPT, { stop: 'DH' })).body)).toMatchObject({
      text: 'CH D',
      finish_reason: 'stop',
    });
  });

  test('echo puts the prompt first, with the log-probabilities the trainer gives it', async () => {
    const choice = choiceOf((await deployed.complete(PROMPT, { echo: true })).body);
    expect(choice.raw_output.completion_token_ids).toEqual([...PROMPT, 50, 51, 52, EOS]);
    // Nothing precedes the first token; clients drop its row.
    expect(choice.logprobs.content[0]?.logprob).toBe(0);
    const trained = (await model.forward(DATA.slice(0, 1))).loss_fn_outputs[0]?.logprobs.data ?? [];
    choice.logprobs.content.slice(1).forEach(({ logprob }, i) => {
      expect(Math.abs((logprob ?? 0) - (trained[i] ?? 0))).toBeLessThan(1e-4);
    });
  });

  test('a seed repeats a sample; sampling_logprob is that of the tempered distribution', async () => {
    const hot = { temperature: 3, max_tokens: 12, seed: 7, top_logprobs: 20 };
    const first = choiceOf((await deployed.complete(PROMPT, hot)).body);
    expect(choiceOf((await deployed.complete(PROMPT, hot)).body)).toEqual(first);
    const others = await Promise.all([1, 2, 3, 4].map((seed) => deployed.complete(PROMPT, { ...hot, seed })));
    const answers = others.map(({ body }) => choiceOf(body).raw_output.completion_token_ids.join());
    expect(new Set(answers).size).toBeGreaterThan(1);
    const plain = choiceOf((await deployed.complete(PROMPT, { ...hot, temperature: 1 })).body);
    for (const { logprob, sampling_logprob: sampled } of plain.logprobs.content)
      expect(sampled).toBeCloseTo(logprob ?? 0, 4);
  });

  test('an answer does not depend on what else is being served', async () => {
    const alone = choiceOf((await deployed.complete(PROMPT)).body);
    const crowd = await Promise.all(
      Array.from({ length: 100 }, (_, i) => deployed.complete(i % 2 === 0 ? PROMPT : [20 + (i % 9), 3], { seed: i })),
    );
    crowd.forEach(({ body }, i) => {
      if (i % 2 === 0) expect(choiceOf(body)).toEqual(alone);
    });
  });

  test('a client that hangs up does not disturb the others', async () => {
    const abort = new AbortController();
    const body = { model: deployed.name, prompt: PROMPT, max_tokens: 1000, ignore_eos: true, stream: true };
    const hungUp = Array.from({ length: 20 }, () =>
      fetch(`${sandbox.url}/inference/v1/completions`, {
        method: 'POST',
        headers: { 'x-api-key': 'key', 'content-type': 'application/json' },
        body: JSON.stringify(body),
        signal: abort.signal,
      }).then((response) => response.text()),
    );
    const settled = Promise.allSettled(hungUp);
    setTimeout(() => abort.abort(), 5);
    await settled;
    expect((await deployed.complete(PROMPT)).status).toBe(200);
  });

  test('SYNC turns new requests away while it loads; ASYNC serves on', async () => {
    const slow = await Sandbox.start(undefined, ['--load-ms', '20000']);
    try {
      const own = await (await startTrainer(slow, 'job-t')).model();
      await own.snapshot('one', 'base');
      const sync = await Deployed.create(slow, 'dep-sync', 'job-t', { hotLoadTransitionType: 'SYNC' });
      const async = await Deployed.create(slow, 'dep-async', 'job-t');
      for (const [deployment, status] of [
        [sync, 425],
        [async, 200],
      ] as const) {
        await deployment.hotLoad('one');
        expect((await deployment.status())[0]?.readiness).toBe(false);
        expect((await deployment.complete(PROMPT)).status).toBe(status);
        expect((await deployment.hotLoad('one')).status).toBe(200);
        expect((await deployment.hotLoad('two')).status).toBe(425);
      }
    } finally {
      await slow.close();
    }
  });

  test('an adapter is served over its base model', async () => {
    const trainer = await startTrainer(sandbox, 'job-lora', 8);
    const lora = await trainer.model({ rank: 4, alpha: 16 });
    const losses: number[] = [];
    for (let step = 0; step < 15; step++) losses.push(await lora.step(DATA));
    expect(losses.at(-1)).toBeLessThan((losses[0] ?? 0) * 0.8);
    expect(await lora.snapshot('adapter-delta', 'delta')).toMatchObject({ category: 'user' });
    await lora.snapshot('adapter', 'base');
    const served = await Deployed.create(sandbox, 'dep-lora', 'job-lora', { baseModel: NANO });
    expect((await served.sync('adapter'))[0]).toMatchObject({
      current_snapshot_identity: 'adapter',
      loaded_adapters: [{ identity: 'adapter', status: 'loaded' }],
    });
    const { body } = await served.complete([10, 11, 12, 3, 50, 51, 52], { echo: true, max_tokens: 1 });
    const trained = (await lora.forward(DATA.slice(0, 1))).loss_fn_outputs[0]?.logprobs.data ?? [];
    choiceOf(body)
      .logprobs.content.slice(1, 7)
      .forEach(({ logprob }, i) => expect(Math.abs((logprob ?? 0) - (trained[i] ?? 0))).toBeLessThan(1e-4));
  });
});
