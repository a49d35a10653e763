/** What lives and dies with a trainer's process: its sessions, models, sequences and promises. */
import { randomBytes } from 'node:crypto';
import type { BaseModel } from '../catalog.ts';
import { Child } from '../child.ts';
import type { Dialect } from '../dialect.ts';
import { ApiError, notFound } from '../errors.ts';
import type { ModelLedger } from '../ledger.ts';
import type { LoraConfig } from '../model/parameters.ts';
import { Futures } from './futures.ts';
import type { Compute, TrainerRequest } from './messages.ts';
import { createdBody, kindOf } from './model-kind.ts';
import type { CreateModel } from './schemas.ts';
import { digestOf, Sequencer } from './sequencer.ts';
import { Sessions, type CreatedModel, type Session } from './sessions.ts';

/** Models that one trainer holds at a time. Those of clients that were lost stay until their sessions expire. */
const MAX_MODELS = 64;

export interface RuntimeOptions {
  readonly job: string;
  readonly baseModel: BaseModel;
  /** 0: full-parameter trainer; otherwise the largest adapter. */
  readonly loraRank: number;
  /** Every model of this trainer is frozen. */
  readonly forwardOnly: boolean;
  readonly bucket: string;
  /** Of a catalog model's weights, and of fresh adapters. */
  readonly seed: string;
  /** How long a poll of an unfinished request is held. */
  readonly holdMs: number;
  /** How long a session lives without a sign of its client. */
  readonly sessionMs: number;
  /** Off: a request that is repeated under its number is executed again. */
  readonly deduplicate: boolean;
  /** How long a request waits for a number before its own. */
  readonly gapMs: number;
  readonly dialect: Dialect;
  /** How long an optimizer step takes, at least. */
  readonly stepMs: number;
  readonly passMs: number;
  readonly compute: Compute;
  readonly onExit: (reason: string) => void;
}

export interface LiveModel {
  readonly id: string;
  readonly sessionId: string;
  readonly lora?: LoraConfig;
  readonly sequencer: Sequencer;
  readonly ledger: ModelLedger;
  /** Requests that were admitted and have no result yet. */
  pending: number;
}

export class TrainerRuntime {
  readonly options: RuntimeOptions;
  readonly futures: Futures;
  readonly sessions: Sessions;
  readonly #child: Child<TrainerRequest>;
  readonly #models = new Map<string, LiveModel>();
  #heardAt = Date.now();

  private constructor(options: RuntimeOptions) {
    this.options = options;
    this.futures = new Futures(options.holdMs);
    this.sessions = new Sessions({
      lifetimeMs: options.sessionMs,
      isBusy: (session) => this.#modelsOf(session).some(({ pending }) => pending > 0),
      onExpired: (session) => this.#forget(session),
    });
    this.#child = new Child({ script: new URL('./process.js', import.meta.url), onExit: options.onExit });
  }

  /** Resolves when the process answers. */
  static async start(options: RuntimeOptions): Promise<TrainerRuntime> {
    const runtime = new TrainerRuntime(options);
    const { baseModel, bucket, seed, stepMs, passMs, compute, dialect } = options;
    const { name, config, weightsFile: file } = baseModel;
    const weights = file === undefined ? { seed } : { file };
    const { strictNames, emptyStep } = dialect;
    const speaks = { strictNames, emptyStep };
    await runtime.call({ op: 'boot', baseModel: name, config, bucket, weights, stepMs, passMs, compute, ...speaks });
    return runtime;
  }

  get alive(): boolean {
    return this.#child.alive;
  }

  get pid(): number | undefined {
    return this.#child.pid;
  }

  /** How long nobody has asked anything of this trainer; work in hand counts as being asked. */
  get idleMs(): number {
    const busy = [...this.#models.values()].some(({ pending }) => pending > 0);
    return busy ? 0 : Date.now() - this.#heardAt;
  }

  touch(): void {
    this.#heardAt = Date.now();
  }

  async stop(): Promise<void> {
    await this.#child.kill();
  }

  call<Result>(request: TrainerRequest): Promise<Result> {
    return this.#child.call<Result>(request);
  }

  /** The model; asking for it is a sign of its client. */
  model(id: string): LiveModel {
    const model = this.#models.get(id);
    if (model === undefined) throw notFound(`model "${id}"`);
    // An expired session takes the model along.
    this.sessions.get(model.sessionId);
    return model;
  }

  /** The same session, number and body are answered with the same request. */
  createModel(request: CreateModel, ledgerOf: (modelId: string, sessionId: string) => ModelLedger): CreatedModel {
    const session = this.sessions.get(request.session_id);
    const digest = digestOf(request);
    const known = session.models.get(request.model_seq_id);
    if (known !== undefined) {
      if (known.digest === digest) return known;
      throw new ApiError('ALREADY_EXISTS', 'model_seq_id was reused with a different request payload');
    }
    const kind = kindOf(request, this.options);
    if (this.#models.size >= MAX_MODELS) {
      throw new ApiError('RESOURCE_EXHAUSTED', `a trainer holds ${MAX_MODELS} models: unload one first`);
    }
    const modelId = `model-${randomBytes(8).toString('hex')}`;
    const model: LiveModel = {
      id: modelId,
      sessionId: session.id,
      ...(kind.lora && { lora: kind.lora }),
      sequencer: new Sequencer({ policed: this.options.deduplicate, gapMs: this.options.gapMs }),
      ledger: ledgerOf(modelId, session.id),
      pending: 1,
    };
    this.#models.set(modelId, model);
    const created = this.call({ op: 'create_model', model: modelId, ...kind });
    const requestId = this.futures.add(
      created
        .then(() => createdBody(modelId))
        .finally(() => {
          model.pending -= 1;
        }),
    );
    const entry = { digest, requestId, modelId };
    session.models.set(request.model_seq_id, entry);
    return entry;
  }

  /** Admits a numbered request of a model; `run` is started when its turn has come. */
  submit(model: LiveModel, seq: number, body: unknown, run: () => Promise<object>): string {
    const counted = async (turn: Promise<void>): Promise<object> => {
      model.pending += 1;
      try {
        await turn;
        return await run();
      } finally {
        model.pending -= 1;
        this.touch();
      }
    };
    const waiting = (): string | undefined => {
      const missing = model.sequencer.missingBefore(seq);
      return missing === undefined ? undefined : `request ${seq} waits for request ${missing}, which has not arrived`;
    };
    return model.sequencer.admit(seq, body, (turn) => this.futures.add(counted(turn), waiting));
  }

  /** The model, its sequence and the number it was created under are free again. */
  unload(model: LiveModel): string {
    const { models } = this.sessions.get(model.sessionId);
    for (const [number, { modelId }] of models) if (modelId === model.id) models.delete(number);
    this.#models.delete(model.id);
    const unloaded = this.call({ op: 'unload', model: model.id });
    return this.futures.add(unloaded.then(() => ({ model_id: model.id, type: 'unload_model' })));
  }

  #modelsOf(session: Session): LiveModel[] {
    return [...this.#models.values()].filter(({ sessionId }) => sessionId === session.id);
  }

  #forget(session: Session): void {
    for (const { id } of this.#modelsOf(session)) {
      this.#models.delete(id);
      // Only memory is at stake: a process that is gone has freed it already.
      void this.call({ op: 'unload', model: id }).catch(() => undefined);
    }
  }
}
