/** What lives and dies with a trainer's process: its sessions, models, sequences and promises. */
import { randomBytes } from 'node:crypto';
import { MAX_LORA_RANK, type BaseModel } from '../catalog.ts';
import { Child } from '../child.ts';
import { ApiError, invalid, notFound } from '../errors.ts';
import type { ModelLedger } from '../ledger.ts';
import type { LoraConfig } from '../model/parameters.ts';
import { Futures } from './futures.ts';
import type { TrainerRequest } from './messages.ts';
import type { CreateModel } from './schemas.ts';
import { digestOf, Sequencer } from './sequencer.ts';

/** Models that one trainer holds at a time. */
const MAX_MODELS = 16;
const DEFAULT_ALPHA_PER_RANK = 2;

export interface RuntimeOptions {
  readonly job: string;
  readonly baseModel: BaseModel;
  /** 0: full-parameter trainer; otherwise the largest adapter. */
  readonly loraRank: number;
  readonly bucket: string;
  readonly seed: string;
  /** How long a poll of an unfinished request is held. */
  readonly holdMs: number;
  readonly onExit: (reason: string) => void;
}

export interface LiveModel {
  readonly id: string;
  readonly sessionId: string;
  readonly lora?: LoraConfig;
  readonly sequencer: Sequencer;
  readonly ledger: ModelLedger;
}

interface Session {
  readonly id: string;
  readonly models: Map<number, { digest: string; requestId: string; modelId: string }>;
}

export class TrainerRuntime {
  readonly options: RuntimeOptions;
  readonly futures: Futures;
  readonly #child: Child<TrainerRequest>;
  readonly #sessions = new Map<string, Session>();
  readonly #models = new Map<string, LiveModel>();

  private constructor(options: RuntimeOptions) {
    this.options = options;
    this.futures = new Futures(options.holdMs);
    this.#child = new Child({ script: new URL('./process.js', import.meta.url), onExit: options.onExit });
  }

  /** Resolves when the process answers. */
  static async start(options: RuntimeOptions): Promise<TrainerRuntime> {
    const runtime = new TrainerRuntime(options);
    const { baseModel, bucket, seed } = options;
    await runtime.call({ op: 'boot', baseModel: baseModel.name, config: baseModel.config, bucket, seed });
    return runtime;
  }

  get alive(): boolean {
    return this.#child.alive;
  }

  get pid(): number | undefined {
    return this.#child.pid;
  }

  async stop(): Promise<void> {
    await this.#child.kill();
  }

  call<Result>(request: TrainerRequest): Promise<Result> {
    return this.#child.call<Result>(request);
  }

  createSession(): string {
    const id = `sess-${randomBytes(8).toString('hex')}`;
    this.#sessions.set(id, { id, models: new Map() });
    return id;
  }

  session(id: string): Session {
    const session = this.#sessions.get(id);
    if (session === undefined) throw notFound(`session "${id}"`);
    return session;
  }

  model(id: string): LiveModel {
    const model = this.#models.get(id);
    if (model === undefined) throw notFound(`model "${id}"`);
    return model;
  }

  /** The same session, number and body are answered with the same request. */
  createModel(
    request: CreateModel,
    ledgerOf: (modelId: string, sessionId: string) => ModelLedger,
  ): { requestId: string; modelId: string } {
    const session = this.session(request.session_id);
    const digest = digestOf(request);
    const known = session.models.get(request.model_seq_id);
    if (known !== undefined) {
      if (known.digest === digest) return known;
      throw new ApiError('ALREADY_EXISTS', 'model_seq_id was reused with a different request payload');
    }
    const lora = this.#loraOf(request);
    if (this.#models.size >= MAX_MODELS)
      throw new ApiError('RESOURCE_EXHAUSTED', `a trainer holds ${MAX_MODELS} models`);
    const modelId = `model-${randomBytes(8).toString('hex')}`;
    this.#models.set(modelId, {
      id: modelId,
      sessionId: session.id,
      ...(lora && { lora }),
      sequencer: new Sequencer(),
      ledger: ledgerOf(modelId, session.id),
    });
    const loraSeed = `${this.options.seed}/${request.lora_config?.seed ?? 0}`;
    const created = this.call({
      op: 'create_model',
      model: modelId,
      ...(lora && { lora }),
      loraSeed,
      baseOnly: request.base_only,
    });
    const requestId = this.futures.add(created.then(() => createdBody(modelId)));
    const entry = { digest, requestId, modelId };
    session.models.set(request.model_seq_id, entry);
    return entry;
  }

  /** Admits a numbered request of a model; `run` is started when its turn has come. */
  submit(model: LiveModel, seq: number, body: unknown, run: () => Promise<object>): string {
    return model.sequencer.admit(seq, body, (turn) => this.futures.add(turn.then(run)));
  }

  unload(model: LiveModel): string {
    this.#models.delete(model.id);
    const unloaded = this.call({ op: 'unload', model: model.id });
    return this.futures.add(unloaded.then(() => ({ model_id: model.id, type: 'unload_model' })));
  }

  #loraOf(request: CreateModel): LoraConfig | undefined {
    const { baseModel, loraRank } = this.options;
    if (request.base_model !== baseModel.name) {
      throw invalid(`this trainer has base model "${baseModel.name}", not "${request.base_model}"`);
    }
    if (request.base_only) return undefined;
    return loraRank === 0 ? withoutLora(request) : withLora(request, Math.min(loraRank, MAX_LORA_RANK));
  }
}

function withoutLora({ lora_config: config }: CreateModel): undefined {
  if (config !== undefined && config.rank > 0) {
    throw invalid('this is a full-parameter trainer: lora_config.rank must be 0');
  }
}

function withLora({ lora_config: config }: CreateModel, maxRank: number): LoraConfig {
  if (config === undefined || config.rank === 0 || config.rank > maxRank) {
    throw invalid(`lora_config.rank must be 1 to ${maxRank} on this trainer`);
  }
  const { rank, alpha, train_attn: trainAttn, train_mlp: trainMlp, train_unembed: trainUnembed } = config;
  if (!trainAttn && !trainMlp && !trainUnembed) throw invalid('lora_config trains nothing: switch one of train_* on');
  return { rank, alpha: alpha ?? DEFAULT_ALPHA_PER_RANK * rank, trainAttn, trainMlp, trainUnembed };
}

function createdBody(modelId: string): object {
  return {
    model_id: modelId,
    type: 'create_model',
    comms: 'v1',
    supports_router_replay: false,
    supports_target_logprob_support: false,
    supports_reinforce: false,
    supports_score_centering: false,
    supports_policy_importance_sampling: false,
    supports_policy_diagnostics: false,
    supports_rdma_weight_sync: false,
    rdma_weight_sync_enabled: false,
  };
}
