import { afterEach, describe, expect, test } from '@jest/globals';
import {
  Fireworks,
  objectives,
  type LossDatum,
  type TrainingClient,
} from '../../activities/backends/fireworks/index.ts';
import { failureOf, FAST_SETTINGS, startServer, type Reply, type Script, type Server } from './scripted-platform.ts';

const datum: LossDatum = { modelInput: [5, 6], lossFnInputs: { target_tokens: [6, 7], weights: [0, 0.5] } };

interface Input {
  readonly data: readonly object[];
  readonly loss_fn: string;
  readonly loss_fn_config?: { readonly top_k?: number };
}

interface Sent {
  readonly seq_id: number;
  readonly forward_backward_input?: Input;
  readonly forward_input?: Input;
}

let server: Server | undefined;
let fireworks: Fireworks | undefined;
let client: TrainingClient | undefined;

/** A trainer that accepts everything, and answers each request by its number. */
async function given(script: Script = {}, limits: object = {}, model: object = {}): Promise<TrainingClient> {
  let session = 0;
  const accept = (text: string): Reply => {
    const { seq_id: seq = 'none' } = JSON.parse(text) as { seq_id?: number };
    return { json: { request_id: `req-${seq}` } };
  };
  server = await startServer({
    create_session: () => ({ json: { session_id: `sess-${++session}` } }),
    session_heartbeat: { json: {} },
    create_model: { json: { request_id: 'model' } },
    unload_model: { json: { request_id: 'unload' } },
    'api/v1/': ({ text }) => accept(text),
    retrieve_future: ({ text }) => answer(text, model),
    ...script,
  });
  fireworks = new Fireworks({ apiKey: 'key', baseUrl: server.url, account: 'acme', ...FAST_SETTINGS, limits });
  client = await fireworks.createTrainingClient({ trainerId: 'job', baseModel: 'm' });
  return client;
}

/** Answers a pass with one datum's output per datum that was sent under that number; loss is the number itself. */
function answer(text: string, model: object, quietSeq?: number): Reply {
  const { request_id: id } = JSON.parse(text) as { request_id: string };
  if (id === 'model') return { json: { model_id: 'model-7', ...model } };
  if (id === 'unload') return { json: { model_id: 'model-7' } };
  const seq = Number(id.slice(4));
  const request = sent().find((body) => body.seq_id === seq);
  const { data, loss_fn_config: config } = request?.forward_backward_input ?? request?.forward_input ?? {};
  if (data === undefined) return { json: { metrics: {}, path: `path-${seq}` } };
  const top = { top_k_indices: { data: [seq, 7, seq, 8] }, top_k_logprobs: { data: [-0.5, -2, -0.25, -3] } };
  const told = { logprobs: { data: [-1, -seq] }, ...(config?.top_k !== undefined && top) };
  const output = seq === quietSeq ? {} : told;
  return { json: { loss_fn_outputs: data.map(() => output), metrics: { 'loss:sum': seq, 'tokens:mean': seq } } };
}

/** Bodies with a number, in the order of arrival. */
function sent(): Sent[] {
  const bodies = (server?.received ?? []).map(({ text }) => JSON.parse(text === '' ? '{}' : text) as Partial<Sent>);
  return bodies.filter((body): body is Sent => body.seq_id !== undefined);
}

/** Examples of each request, in the order of their numbers, which have no gaps. */
function sizes(): (number | undefined)[] {
  const requests = sent().sort((a, b) => a.seq_id - b.seq_id);
  expect(requests.map(({ seq_id }) => seq_id)).toEqual(requests.map((_, index) => index + 1));
  return requests.map(({ forward_input, forward_backward_input: input = forward_input }) => input?.data.length);
}

afterEach(async () => {
  client?.close();
  await fireworks?.close();
  await server?.close();
});

describe('numbers', () => {
  test('start at one and have no gaps, whatever is called', async () => {
    const model = await given();
    await model.forward([datum]);
    await model.forwardBackward([datum]);
    await model.optimStep();
    await model.saveState('step-1');
    await model.saveWeightsForSampler({ name: 'step-1-ab', type: 'base' });
    await model.loadState('cross_job://other/step-1');
    await model.loadAdapter('accounts/acme/models/a');
    expect(sent().map(({ seq_id }) => seq_id)).toEqual([1, 2, 3, 4, 5, 6, 7]);
  });
  test('are in the order of the calls, also when these are not awaited', async () => {
    const model = await given();
    await Promise.all([model.forwardBackward([datum]), model.optimStep(), model.forwardBackward([datum])]);
    const names = server?.received
      .map(({ path }) => path.split('/').at(-1))
      .filter((name) => /step|pass|back/.test(name ?? ''));
    expect(sent().map(({ seq_id }) => seq_id)).toEqual([1, 2, 3]);
    expect(names).toEqual(['forward_backward', 'optim_step', 'forward_backward']);
  });
  test.each<[string, (model: TrainingClient) => Promise<unknown>]>([
    ['an empty batch', (model) => model.forwardBackward([])],
    ['a weight that is no number', (model) => model.forward([{ ...datum, lossFnInputs: { weights: [0, NaN] } }])],
    ['a state of another kind', (model) => model.loadState('https://elsewhere/state')],
    ['a bad cross-job state', (model) => model.loadState('cross_job://Other/step')],
    ['an adapter that is a file', (model) => model.loadAdapter('/tmp/adapter')],
    ['a name that could not be loaded', (model) => model.saveState('Step 1')],
    [
      'a precision for a base',
      (model) => model.saveWeightsForSampler({ name: 'a', type: 'base', exportPrecision: 'bf16' }),
    ],
    ['a loss that the model lacks', (model) => model.forwardBackward([datum], 'reinforce')],
  ])('are not taken by what cannot be sent: %s', async (_, call) => {
    const model = await given();
    expect(await failureOf(call(model))).toMatchObject({ type: 'InvalidRequest' });
    await model.optimStep();
    expect(sent().map(({ seq_id }) => seq_id)).toEqual([1]);
  });
});

describe('chunks', () => {
  test('of 2050 examples are three, with contiguous numbers and one merged result', async () => {
    const model = await given();
    const pass = await model.forwardBackward(Array.from({ length: 2050 }, () => datum));
    const update = await model.optimStep();
    expect(sizes()).toEqual([1024, 1024, 2, undefined]);
    expect(sent().at(-1)?.seq_id).toBe(4);
    expect(pass.requestIds).toEqual(['req-1', 'req-2', 'req-3']);
    const { lossSum, logprobs, metrics } = await pass.result();
    expect(lossSum).toBe(6);
    expect(logprobs).toHaveLength(2050);
    expect(logprobs[1024]).toEqual([-1, -2]);
    expect(metrics['loss:sum']).toBe(6);
    expect(metrics['tokens:mean']).toBeCloseTo((1024 + 2048 + 6) / 2050, 10);
    await update.result();
  });
  test('whose outputs are left out by some have none, and metrics weighted by what was sent', async () => {
    const model = await given({ retrieve_future: ({ text }) => answer(text, {}, 2) });
    const pass = await model.forwardBackward(Array.from({ length: 1026 }, () => datum));
    const { lossSum, logprobs, metrics } = await pass.result();
    expect([lossSum, logprobs]).toEqual([3, []]);
    expect(metrics['tokens:mean']).toBeCloseTo((1024 + 2 * 2) / 1026, 10);
  });
  test('tell the likeliest tokens of every position, if asked, in order', async () => {
    const model = await given();
    const loss = { name: 'cross_entropy' as const, config: { top_k: 2 } };
    const pass = await model.forward(
      Array.from({ length: 1025 }, () => datum),
      loss,
    );
    const { topTokens } = await pass.result();
    expect(topTokens).toHaveLength(1025);
    expect(topTokens?.[1024]).toEqual({
      tokens: [
        [2, 7],
        [2, 8],
      ],
      logprobs: [
        [-0.5, -2],
        [-0.25, -3],
      ],
    });
    expect(await (await model.forward([datum])).result()).not.toHaveProperty('topTokens');
  });
  test('keep to the bytes of a request', async () => {
    const model = await given({}, { requestBytes: 130 });
    await model.forwardBackward([datum, datum, datum]);
    expect(sizes()).toEqual([2, 1]);
  });
  test('leave side by side, and what follows waits for all of them', async () => {
    let held: (() => void) | undefined;
    const model = await given({}, { requestDatums: 1 });
    const order: number[] = [];
    const hold = new Promise<void>((resolve) => (held = resolve));
    server?.intercept(async (body) => {
      const { seq_id: seq } = body as Partial<Sent>;
      if (seq === 1) await hold;
      if (seq !== undefined) order.push(seq);
      if (seq === 3) held?.();
    });
    await Promise.all([model.forwardBackward([datum, datum, datum]), model.optimStep()]);
    expect(order.at(-1)).toBe(4);
    expect(order.indexOf(1)).toBeGreaterThan(order.indexOf(3));
  });
});

describe('a failure', () => {
  test.each([400, 403, 404, 422])('of admission with %i ends the sequence', async (status) => {
    const model = await given({ forward_backward: { status, json: { message: 'no' } } });
    expect(await failureOf(model.forwardBackward([datum]))).toMatchObject({ status });
    const later = await failureOf(model.optimStep());
    expect(later.message).toContain('the sequence failed at request 1: unload this model and reconnect');
    expect(sent()).toHaveLength(1);
  });
  test('of a chunk stops what was already called', async () => {
    const model = await given({ forward_backward: { status: 422 } }, { requestDatums: 1 });
    const calls = await Promise.allSettled([model.forwardBackward([datum, datum]), model.optimStep()]);
    expect(calls.map(({ status }) => status)).toEqual(['rejected', 'rejected']);
    expect(server?.to('optim_step')).toEqual([]);
  });
  test('of a result leaves the sequence usable', async () => {
    const model = await given({ retrieve_future: [{ json: { model_id: 'm-1' } }, { status: 404 }, { json: {} }] });
    const pass = await model.forwardBackward([datum]);
    expect(await failureOf(pass.result())).toMatchObject({ type: 'LostTrainer' });
    expect(await (await model.optimStep()).result()).toEqual({ metrics: {} });
  });
  test('that passes is not seen', async () => {
    const accepted = { json: { request_id: 'req-1' } };
    const model = await given({ forward_backward: [{ status: 503 }, { status: 409 }, 'reset', accepted] });
    await model.forwardBackward([datum]);
    const texts = server?.to('forward_backward').map(({ text }) => text);
    expect(new Set(texts).size).toBe(1);
    expect(texts).toHaveLength(4);
  });
});

describe('bodies', () => {
  test('of every built-in loss carry its name, configuration and inputs', async () => {
    const model = await given({}, {}, { supports_reinforce: true, supports_score_centering: true });
    const policy: LossDatum = {
      modelInput: [5, 6],
      lossFnInputs: { target_tokens: [6, 7], logprobs: [-0.5, -0.25], advantages: [0, -2] },
    };
    const losses = [
      { name: 'importance_sampling' },
      { name: 'ppo', config: { clip_low_threshold: 0.8, clip_high_threshold: 1.2 } },
      { name: 'cispo', config: { clip_low_threshold: 0, clip_high_threshold: 4 } },
      { name: 'dro', config: { beta: 0.05 } },
      { name: 'dapo' },
      { name: 'gspo' },
      { name: 'dppo', config: { delta_low: 0.1, delta_high: 0.2 } },
      { name: 'reinforce', config: { score_centering: true } },
    ] as const;
    for (const loss of losses) await model.forwardBackward([policy], loss);
    const inputs = {
      target_tokens: { data: [6, 7], dtype: 'int64', shape: [2] },
      logprobs: { data: [-0.5, -0.25], dtype: 'float32', shape: [2] },
      advantages: { data: [0, -2], dtype: 'float32', shape: [2] },
    };
    const data = [{ model_input: { chunks: [{ type: 'encoded_text', tokens: [5, 6] }] }, loss_fn_inputs: inputs }];
    expect(sent().map((body) => body.forward_backward_input)).toEqual(
      losses.map((loss) => ({
        data,
        loss_fn: loss.name,
        ...('config' in loss ? { loss_fn_config: loss.config } : {}),
      })),
    );
  });
  test('of images, matrices and sparse tensors', async () => {
    const model = await given({ forward_backward: { json: { request_id: 'req-9' } } });
    await model.forwardBackward([
      {
        modelInput: [
          { type: 'encoded_text', tokens: [5] },
          { type: 'image', data: 'iVBORw==', format: 'png', expectedTokens: 1 },
        ],
        lossFnInputs: {
          target_tokens: { data: [6, 7, 8, 9], dtype: 'int64', shape: [2, 2] },
          weights: {
            data: [0.5],
            dtype: 'float32',
            shape: [2, 2],
            sparse: { crowIndices: [0, 0, 1], colIndices: [1] },
          },
        },
      },
    ]);
    expect(sent()[0]?.forward_backward_input?.data).toEqual([
      {
        model_input: {
          chunks: [
            { type: 'encoded_text', tokens: [5] },
            { type: 'image', data: 'iVBORw==', format: 'png', expected_tokens: 1 },
          ],
        },
        loss_fn_inputs: {
          target_tokens: { data: [6, 7, 8, 9], dtype: 'int64', shape: [2, 2] },
          weights: {
            data: [0.5],
            dtype: 'float32',
            shape: [2, 2],
            sparse_crow_indices: [0, 0, 1],
            sparse_col_indices: [1],
          },
        },
      },
    ]);
  });
  test('of optim_step, load_adapter and a merged base', async () => {
    const model = await given();
    await model.optimStep({ learningRate: 1e-5 }, { normalization: 'num_sequences', gradNormMetrics: 'detailed' });
    await model.loadAdapter('gs://bucket/adapter');
    await model.saveWeightsForSampler({ name: 'merged', type: 'merged_base', exportPrecision: 'bf16' });
    expect(sent()).toEqual([
      {
        adam_params: {
          learning_rate: 1e-5,
          beta1: 0.9,
          beta2: 0.95,
          eps: 1e-12,
          weight_decay: 0,
          grad_clip_norm: 0,
          emit_grad_norm_metrics: 'detailed',
        },
        model_id: 'model-7',
        seq_id: 1,
        type: 'optim_step',
        grad_accumulation_normalization: 'num_sequences',
      },
      { adapter_path: 'gs://bucket/adapter', model_id: 'model-7', seq_id: 2 },
      {
        model_id: 'model-7',
        path: 'merged',
        seq_id: 3,
        type: 'save_weights_for_sampler',
        checkpoint_type: 'merged_base',
        export_precision: 'bf16',
      },
    ]);
  });
});

describe('a custom objective', () => {
  const example = { modelInput: [5, 6], targetTokens: [6, 7], inputs: { weights: [0, 0.5], advantages: [3, 4] } };

  test('is sent as a forward pass, and a backward one with weights minus its gradient', async () => {
    const model = await given();
    const pass = await model.forwardBackwardCustom([example], objectives.policyGradient());
    const weights = sent().map((body) => (body.forward_input ?? body.forward_backward_input)?.data);
    const tensors = (values: number[]): object => ({
      target_tokens: { data: [6, 7], dtype: 'int64', shape: [2] },
      weights: { data: values, dtype: 'float32', shape: [2] },
    });
    expect(weights).toMatchObject([[{ loss_fn_inputs: tensors([0, 0.5]) }], [{ loss_fn_inputs: tensors([0, 2]) }]]);
    expect(sent().map(({ seq_id }) => seq_id)).toEqual([1, 2]);
    // The forward pass answered −1 for the second target.
    expect(await pass.result()).toMatchObject({ lossSum: 2, metrics: { 'loss:sum': 2 } });
  });
  test('of chunks sees the whole batch', async () => {
    const model = await given({}, { requestDatums: 1 });
    let seen = 0;
    const objective = {
      name: 'mean',
      needs: [],
      evaluate: (rows: readonly (readonly number[])[]) => {
        seen = rows.length;
        return { loss: 0.5, gradients: rows.map((row) => row.map(() => -1 / rows.length)) };
      },
      metrics: () => ({ 'mine:sum': 3 }),
    };
    const pass = await model.forwardBackwardCustom([example, example], objective);
    expect(seen).toBe(2);
    expect(sizes()).toHaveLength(4);
    expect(await pass.result()).toMatchObject({ lossSum: 0.5, metrics: { 'loss:sum': 7, 'mine:sum': 3 } });
  });
  test('that cannot read its examples sends nothing', async () => {
    const model = await given();
    expect(await failureOf(model.forwardBackwardCustom([example], objectives.kl()))).toMatchObject({
      type: 'InvalidRequest',
    });
    expect(sent()).toEqual([]);
  });
});

describe('a client', () => {
  test('unloads after everything it submitted has ended', async () => {
    const model = await given();
    await model.forwardBackward([datum]);
    await model.optimStep();
    await model.unload();
    const asked = server?.bodies('retrieve_future').map((body) => (body as { request_id: string }).request_id);
    expect(asked?.slice(1).sort()).toEqual(['req-1', 'req-2', 'unload']);
    expect(asked?.at(-1)).toBe('unload');
    expect(server?.bodies('unload_model')).toEqual([{ model_id: 'model-7', type: 'unload_model' }]);
  });
  test('keeps its session alive', async () => {
    await given();
    while ((server?.to('session_heartbeat').length ?? 0) < 2) await new Promise(setImmediate);
    expect(server?.bodies('session_heartbeat')[0]).toEqual({ session_id: 'sess-1', type: 'session_heartbeat' });
  });
  test('tells what model, server and trainer have', async () => {
    const model = await given(
      {
        get_info: { json: { model_id: 'model-7', is_lora: true, lora_rank: 8, model_data: { arch: 'nano' } } },
        get_server_capabilities: { json: { supported_models: [{ model_name: 'm', max_context_length: 32 }] } },
        list_checkpoints: { json: { checkpoints: ['step-2', 'step-4'] } },
      },
      {},
      { supports_reinforce: true, supports_policy_diagnostics: 'perhaps' },
    );
    expect(model.capabilities).toEqual({ reinforce: true });
    expect(await model.getInfo()).toEqual({ modelId: 'model-7', isLora: true, loraRank: 8, architecture: 'nano' });
    expect(await model.getServerCapabilities()).toEqual([{ name: 'm', maxContextTokens: 32 }]);
    expect(await model.listCheckpoints()).toEqual(['step-2', 'step-4']);
  });
});
