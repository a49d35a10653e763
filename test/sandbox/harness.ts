/** A real sandbox for tests: the compiled program as a child process on a free port, and a small client for its wire. */
import { spawn, type ChildProcess } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const MAIN = join(process.cwd(), 'lib', 'sandbox', 'main.js');

export const NANO = 'accounts/fireworks/models/pawl-nano';
export const NANO_SHAPE = 'accounts/fireworks/trainingShapes/ts-pawl-nano';
export const NANO_DEPLOYMENT_SHAPE = 'accounts/fireworks/deploymentShapes/rft-pawl-nano/versions/v1';

export type Json = Record<string, unknown>;

export interface Answer<Body = Json> {
  readonly status: number;
  readonly body: Body;
}

export class Sandbox {
  readonly url: string;
  readonly state: string;
  readonly #process: ChildProcess;

  private constructor(url: string, state: string, process: ChildProcess) {
    this.url = url;
    this.state = state;
    this.#process = process;
  }

  static async start(
    state = mkdtempSync(join(tmpdir(), 'pawl-sandbox-')),
    args: string[] = [],
    apiKey?: string,
  ): Promise<Sandbox> {
    if (!existsSync(MAIN)) throw new Error('lib/sandbox/main.js is missing: run `npm run build` first');
    const flags = ['--port', '0', '--state', state, '--startup-ms', '50', '--load-ms', '20', '--log-level', 'error'];
    const child = spawn(process.execPath, [MAIN, ...flags, '--exit-with-parent', ...args], {
      stdio: ['pipe', 'pipe', 'inherit'],
      env: { ...(apiKey !== undefined && { SANDBOX_API_KEY: apiKey }) },
    });
    const line = await new Promise<string>((resolve, reject) => {
      let text = '';
      child.stdout.on('data', (data: Buffer) => {
        text += data.toString();
        if (text.includes('\n')) resolve(text);
      });
      child.once('exit', (code) => reject(new Error(`the sandbox exited with ${code}`)));
    });
    return new Sandbox((JSON.parse(line) as { url: string }).url, state, child);
  }

  stop(signal: NodeJS.Signals = 'SIGTERM'): Promise<number | null> {
    const exited = new Promise<number | null>((resolve) => {
      this.#process.once('exit', (code) => resolve(code));
    });
    this.#process.kill(signal);
    return exited;
  }

  async close(): Promise<void> {
    if (this.#process.exitCode === null && this.#process.signalCode === null) await this.stop();
    rmSync(this.state, { recursive: true, force: true });
  }

  async call<Body = Json>(method: string, path: string, body?: unknown, headers: Json = {}): Promise<Answer<Body>> {
    const response = await fetch(`${this.url}${path}`, {
      method,
      headers: {
        'x-api-key': 'test-key',
        ...(body !== undefined && { 'content-type': 'application/json' }),
        ...(headers as Record<string, string>),
      },
      ...(body !== undefined && { body: typeof body === 'string' ? body : JSON.stringify(body) }),
    });
    return { status: response.status, body: (await response.json()) as Body };
  }

  /** The body of an answer that must be a success. */
  async ok<Body = Json>(method: string, path: string, body?: unknown, headers?: Json): Promise<Body> {
    const answer = await this.call<Body>(method, path, body, headers);
    if (answer.status !== 200) throw new Error(`${method} ${path}: ${answer.status} ${JSON.stringify(answer.body)}`);
    return answer.body;
  }
}

/** Asks until `done` says yes. */
export async function until<Value>(ask: () => Promise<Value>, done: (value: Value) => boolean): Promise<Value> {
  for (;;) {
    const value = await ask();
    if (done(value)) return value;
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

export async function startTrainer(sandbox: Sandbox, id: string, loraRank = 0): Promise<Trainer> {
  const shape = loraRank > 0 ? `${NANO_SHAPE}-lora` : NANO_SHAPE;
  const query = `trainingShape=${encodeURIComponent(shape)}&rlorTrainerJobId=${id}`;
  await sandbox.ok('POST', `/v1/accounts/sandbox/rlorTrainerJobs?${query}`, {
    serviceMode: true,
    keepAlive: false,
    dataset: '',
    trainingConfig: { baseModel: NANO, loraRank, learningRate: 1e-5 },
    useReservation: true,
  });
  await waitForJob(sandbox, id, 'JOB_STATE_RUNNING');
  return new Trainer(sandbox, id);
}

export async function waitForJob(sandbox: Sandbox, id: string, state: string): Promise<void> {
  await until(
    () => sandbox.ok<{ state: string }>('GET', `/v1/accounts/sandbox/rlorTrainerJobs/${id}`),
    (job) => job.state === state,
  );
}

/** A live trainer of a job: posts its operations and waits for their futures. */
export class Trainer {
  readonly sandbox: Sandbox;
  readonly job: string;
  readonly base: string;

  constructor(sandbox: Sandbox, job: string) {
    this.sandbox = sandbox;
    this.job = job;
    this.base = `/training/v1/rlorTrainerJobs/sandbox/${job}/api/v1`;
  }

  post(name: string, body: unknown): Promise<Answer> {
    return this.sandbox.call('POST', `${this.base}/${name}`, body);
  }

  result<Result = Json>(requestId: unknown): Promise<Result> {
    return until(
      () =>
        this.sandbox.ok<Result & Json>('POST', `${this.base}/retrieve_future`, {
          request_id: requestId,
          allow_metadata_only: false,
        }),
      (answer) => answer['type'] !== 'try_again',
    );
  }

  /** Posts an operation and waits for its result. */
  async run<Result = Json>(name: string, body: unknown): Promise<Result> {
    const { request_id: id } = await this.sandbox.ok<{ request_id: string }>('POST', `${this.base}/${name}`, body);
    return this.result<Result>(id);
  }

  async session(): Promise<string> {
    const body = { tags: [], user_metadata: {}, sdk_version: '0.23.0', type: 'create_session' };
    return (await this.sandbox.ok<{ session_id: string }>('POST', `${this.base}/create_session`, body)).session_id;
  }

  async model(lora: Json = { rank: 0 }, extra: Json = {}): Promise<Model> {
    const created = await this.run<{ model_id: string }>('create_model', {
      session_id: await this.session(),
      model_seq_id: 0,
      base_model: NANO,
      lora_config: lora,
      type: 'create_model',
      ...extra,
    });
    return new Model(this, created.model_id);
  }
}

export interface Scores extends Json {
  readonly loss_fn_outputs: readonly { readonly logprobs: { readonly data: readonly number[] } }[];
  readonly metrics: Readonly<Record<string, number>>;
}

/** A model with its own sequence counter. */
export class Model {
  readonly trainer: Trainer;
  readonly id: string;
  seq = 0;

  constructor(trainer: Trainer, id: string) {
    this.trainer = trainer;
    this.id = id;
  }

  run<Result = Json>(name: string, body: Json): Promise<Result> {
    return this.trainer.run<Result>(name, { ...body, model_id: this.id, seq_id: ++this.seq });
  }

  forward(data: readonly Json[]): Promise<Scores> {
    return this.run('forward', { forward_input: { data, loss_fn: 'cross_entropy' } });
  }

  forwardBackward(data: readonly Json[]): Promise<Scores> {
    return this.run('forward_backward', { forward_backward_input: { data, loss_fn: 'cross_entropy' } });
  }

  optimStep(adam: Json = { learning_rate: 0.01 }, normalization = 'num_loss_tokens'): Promise<{ metrics: Json }> {
    return this.run('optim_step', {
      adam_params: adam,
      type: 'optim_step',
      grad_accumulation_normalization: normalization,
    });
  }

  async step(data: readonly Json[]): Promise<number> {
    const scores = await this.forwardBackward(data);
    await this.optimStep();
    return scores.metrics['loss:sum'] ?? Number.NaN;
  }

  save(path: string): Promise<Json> {
    return this.run('save_weights', { path, overwrite: false, type: 'save_weights' });
  }

  load(path: string, optimizer = true): Promise<Json> {
    return this.run('load_weights', { path, optimizer, type: 'load_weights' });
  }

  snapshot(path: string, kind: 'base' | 'delta'): Promise<Json> {
    return this.run('save_weights_for_sampler', { path, checkpoint_type: kind, type: 'save_weights_for_sampler' });
  }
}

/** A datum that trains every target; tokens are shifted here. */
export function datum(tokens: readonly number[], trainFrom = 0): Json {
  const targets = tokens.slice(1);
  const weights = targets.map((_, i) => (i >= trainFrom ? 1 : 0));
  return {
    model_input: { chunks: [{ type: 'encoded_text', tokens: tokens.slice(0, -1) }] },
    loss_fn_inputs: {
      target_tokens: { data: targets, dtype: 'int64', shape: [targets.length] },
      weights: { data: weights, dtype: 'float32', shape: [weights.length] },
    },
  };
}

/** A few short sequences that a model can learn by heart. */
export const DATA: readonly Json[] = [
  datum([10, 11, 12, 3, 50, 51, 52, 1], 3),
  datum([12, 11, 3, 52, 51, 1], 2),
  datum([20, 21, 22, 23, 3, 60, 61, 62, 63, 1], 4),
];

interface ReplicaStatus {
  readonly current_snapshot_identity?: string;
  readonly readiness: boolean;
  readonly loading_state: {
    readonly stage: string;
    readonly target_snapshot_identity?: string;
    readonly error?: string;
  };
}

/** A deployment with its replicas. */
export class Deployed {
  readonly sandbox: Sandbox;
  readonly id: string;
  readonly name: string;

  constructor(sandbox: Sandbox, id: string) {
    this.sandbox = sandbox;
    this.id = id;
    this.name = `accounts/sandbox/deployments/${id}`;
  }

  static async create(sandbox: Sandbox, id: string, job: string, extra: Json = {}): Promise<Deployed> {
    await sandbox.ok('POST', `/v1/accounts/sandbox/deployments?deploymentId=${id}`, {
      baseModel: NANO,
      minReplicaCount: 1,
      maxReplicaCount: 1,
      enableHotLoad: true,
      forTraining: true,
      hotLoadBucketType: 'FW_HOSTED',
      hotLoadTrainerJob: `accounts/sandbox/rlorTrainerJobs/${job}`,
      deploymentShape: NANO_DEPLOYMENT_SHAPE,
      ...extra,
    });
    const deployed = new Deployed(sandbox, id);
    await deployed.waitFor('READY');
    return deployed;
  }

  get(): Promise<Json> {
    return this.sandbox.ok('GET', `/v1/${this.name}`);
  }

  async waitFor(state: string): Promise<void> {
    await until(
      () => this.get(),
      (deployment) => deployment['state'] === state,
    );
  }

  get headers(): Json {
    return { 'fireworks-model': NANO, 'fireworks-deployment': this.name };
  }

  hotLoad(identity: string, previous?: string): Promise<Answer> {
    const delta = {
      previous_snapshot_identity: previous,
      compression_format: 'arc_v2',
      checksum_format: 'alder32',
    };
    const body = {
      identity,
      reset_prompt_cache: true,
      ...(previous !== undefined && { incremental_snapshot_metadata: delta }),
    };
    return this.sandbox.call('POST', '/hot_load/v1/models/hot_load', body, this.headers);
  }

  async status(): Promise<readonly ReplicaStatus[]> {
    const body = await this.sandbox.ok<{ replicas: ReplicaStatus[] }>(
      'GET',
      '/hot_load/v1/models/hot_load',
      undefined,
      this.headers,
    );
    return body.replicas;
  }

  /** Loads on every replica and waits until each has done so or failed. */
  async sync(identity: string, previous?: string): Promise<readonly ReplicaStatus[]> {
    const { status, body } = await this.hotLoad(identity, previous);
    if (status !== 200) throw new Error(`hot load: ${status} ${JSON.stringify(body)}`);
    return until(
      () => this.status(),
      (replicas) => replicas.every(({ readiness }) => readiness),
    );
  }

  complete<Body = Completion>(prompt: readonly number[], extra: Json = {}): Promise<Answer<Body>> {
    return this.sandbox.call<Body>('POST', '/inference/v1/completions', {
      model: this.name,
      prompt,
      max_tokens: 8,
      temperature: 0,
      raw_output: true,
      logprobs: true,
      ...extra,
    });
  }
}

interface TokenLogprob {
  readonly token: string;
  readonly token_id: number;
  readonly logprob: number | null;
  readonly sampling_logprob: number | null;
  readonly top_logprobs: readonly { readonly token_id: number; readonly logprob: number }[];
}

export interface Completion extends Json {
  readonly model: string;
  readonly choices: readonly {
    readonly text: string;
    readonly finish_reason: string;
    readonly logprobs: { readonly content: readonly TokenLogprob[] };
    readonly raw_output: {
      readonly completion_token_ids: readonly number[];
      readonly prompt_token_ids: readonly number[];
    };
  }[];
  readonly usage: { readonly prompt_tokens: number; readonly completion_tokens: number; readonly total_tokens: number };
}
