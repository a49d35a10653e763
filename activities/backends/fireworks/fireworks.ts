/** The platform for programs: trainers, deployments, training, weight sync and sampling behind one connection. */
import { performance } from 'node:perf_hooks';
import type { ResolvedShape } from '../../../domain/words/plan.ts';
import { createAccount } from './account.ts';
import { Deployments } from './deployments.ts';
import { DeploymentSampler, type DeploymentSamplerOptions } from './deployment-sampler.ts';
import { createHotLoad } from './hot-load.ts';
import { createHttp } from './http.ts';
import { answersProbe } from './probe.ts';
import { resolveSettings, type FireworksConfig } from './settings.ts';
import { findShapes, resolveShape, type ShapeQuery } from './shapes.ts';
import { NEVER } from './sleep.ts';
import { createTrainer } from './trainer.ts';
import { TrainerJobs } from './trainer-jobs.ts';
import type { FireworksTrainer, ModelRequest } from './trainer-requests.ts';
import { TrainingClient } from './training-client.ts';
import { WeightSync, type WeightSyncOptions } from './weight-sync.ts';
import type { Wire } from './wire.ts';

export interface TrainingClientOptions extends Omit<ModelRequest, 'sessionId' | 'modelSeq'> {
  readonly trainerId: string;
  readonly tags?: readonly string[];
}

/** A session that was silent for this long may be gone. */
const SILENCE_MS = 120_000;

/**
 * ```ts
 * const fireworks = new Fireworks({ apiKey, baseUrl: 'http://127.0.0.1:7700' });
 * await fireworks.trainerJobs.createAndWait({ id: 'mine', shape, baseModel, loraRank: 0 });
 * const client = await fireworks.createTrainingClient({ trainerId: 'mine', baseModel });
 * ```
 *
 * Sends nothing until it is asked to; `close` it at the end. Nothing that was rented is returned by closing.
 */
export class Fireworks {
  readonly trainerJobs: TrainerJobs;
  readonly deployments: Deployments;
  readonly #wire: Wire;

  /** Fails at once if the key or a base URL cannot be used. */
  constructor(config: FireworksConfig) {
    const settings = resolveSettings(config);
    const http = createHttp(settings);
    this.#wire = { settings, http, account: createAccount(settings, http) };
    this.trainerJobs = new TrainerJobs(this.#wire, async (id, signal) => this.trainer(id).healthy(signal));
    this.deployments = new Deployments(this.#wire);
  }

  /** Account id that everything is rented under. */
  async account(signal: AbortSignal = NEVER): Promise<string> {
    return this.#wire.account(signal);
  }

  /** The exact version, base model, context length and deployment shape of a training shape. */
  async resolveShape(shape: string, signal: AbortSignal = NEVER): Promise<ResolvedShape> {
    return resolveShape(this.#wire, shape, signal);
  }

  /** Training shapes that anybody may use, the smallest context that fits first. */
  async findShapes(query: ShapeQuery = {}, signal: AbortSignal = NEVER): Promise<readonly ResolvedShape[]> {
    return findShapes(this.#wire, query, signal);
  }

  /** Opens a session and a model on a trainer that runs; its session is kept alive until the client is closed. */
  async createTrainingClient(options: TrainingClientOptions, signal: AbortSignal = NEVER): Promise<TrainingClient> {
    const { trainerId, tags = [], ...model } = options;
    const trainer = this.trainer(trainerId);
    const sessionId = await trainer.createSession(tags, signal);
    const stopHeartbeat = this.#keepAlive(trainer, sessionId);
    try {
      const created = await (await trainer.createModel({ sessionId, modelSeq: 0, ...model }, signal)).result(signal);
      const { limits } = this.#wire.settings;
      return new TrainingClient({ trainer, sessionId, ...created, limits, stopHeartbeat });
    } catch (error) {
      stopHeartbeat();
      throw error;
    }
  }

  weightSync(options: WeightSyncOptions): WeightSync {
    return new WeightSync(options, {
      hotLoad: createHotLoad(this.#wire),
      answers: async (id, signal) => answersProbe(this.#wire, id, signal),
      poll: this.#wire.settings.polls.probe,
    });
  }

  sampler(options: DeploymentSamplerOptions): DeploymentSampler {
    return new DeploymentSampler(this.#wire, options);
  }

  /** The trainer itself, for callers who count the sequence numbers. */
  trainer(trainerId: string): FireworksTrainer {
    return createTrainer(this.#wire, trainerId);
  }

  /** Ends the connections, after what is under way. */
  async close(): Promise<void> {
    await this.#wire.http.close();
  }

  /** @internal What the workflow's ports are built from. */
  get wire(): Wire {
    return this.#wire;
  }

  #keepAlive(trainer: FireworksTrainer, sessionId: string): () => void {
    const { polls, logger } = this.#wire.settings;
    const stop = new AbortController();
    let heardMs = performance.now();
    const timer = setInterval(() => {
      trainer.heartbeat(sessionId, stop.signal).then(
        () => (heardMs = performance.now()),
        () => {
          if (stop.signal.aborted || performance.now() - heardMs < SILENCE_MS) return;
          logger.warn({ sessionId }, 'the trainer has not answered a heartbeat for two minutes');
        },
      );
    }, polls.heartbeatMs);
    // A forgotten client must not keep a program from ending.
    timer.unref();
    return () => {
      clearInterval(timer);
      stop.abort();
    };
  }
}
