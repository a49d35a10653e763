/** One model on one trainer, for programs: counts sequence numbers, splits batches, keeps the session alive. */
import type { CustomDatum, PassResult, Submitted } from './passes.ts';
import type { AdamParams, Pending } from '../../ports.ts';
import type { Objective } from '../../objectives/objective.ts';
import { BackendError } from '../../../domain/words/failures-of-calls.ts';
import { chunked } from './chunks.ts';
import { customPass } from './custom-pass.ts';
import { datumBody, type TrainingDatum } from './datum.ts';
import { missingCapability, type Capabilities, type Loss, type LossName } from './losses.ts';
import { mergeMetrics } from '../merge-metrics.ts';
import { NEVER } from './sleep.ts';
import { createSubmission, type Submission } from './submission.ts';
import type { Limits } from './tables.ts';
import * as bodies from './trainer-bodies.ts';
import type { FireworksTrainer, ModelInfo, OptimOptions, ServedModel, SnapshotRequest } from './trainer-requests.ts';

/** A loss by name, or with its configuration. */
export type LossChoice = LossName | Loss;

const ADAM: AdamParams = { learningRate: 1e-4, beta1: 0.9, beta2: 0.95, eps: 1e-12, weightDecay: 0, gradClipNorm: 0 };

interface Parts {
  readonly trainer: FireworksTrainer;
  readonly sessionId: string;
  readonly modelId: string;
  readonly capabilities: Capabilities;
  readonly limits: Limits;
  /** Called once, by `close`. */
  readonly stopHeartbeat: () => void;
}

/**
 * Every operation resolves when the trainer has *accepted* it, so that the next one can be submitted while it computes:
 *
 * ```ts
 * const pass = await client.forwardBackward(batch);
 * const update = await client.optimStep({ learningRate: 1e-5 });
 * const { lossSum } = await pass.result();
 * await update.result();
 * ```
 *
 * Gradients of all `forwardBackward` calls since the last `optimStep` are summed. If a request is refused for good, the
 * model's sequence has a gap: every later operation fails at once, and a new client has to load a saved state. An
 * operation that was accepted and then failed leaves the sequence usable.
 */
export class TrainingClient {
  readonly sessionId: string;
  readonly modelId: string;
  /** What the model announced when it was created; absent means unknown. */
  readonly capabilities: Capabilities;
  readonly #parts: Parts;
  readonly #submission: Submission;
  /** Accepted, and not known to have ended. */
  readonly #unfinished = new Set<Submitted<unknown>>();

  /** Use `Fireworks.createTrainingClient`. */
  constructor(parts: Parts) {
    this.sessionId = parts.sessionId;
    this.modelId = parts.modelId;
    this.capabilities = parts.capabilities;
    this.#parts = parts;
    this.#submission = createSubmission({ firstSeq: 1, parallel: parts.limits.parallelChunks });
  }

  /** Log-probabilities, and no gradient. */
  async forward(
    data: readonly TrainingDatum[],
    loss: LossChoice = 'cross_entropy',
    signal: AbortSignal = NEVER,
  ): Promise<Submitted<PassResult>> {
    return this.#pass('forward', data, loss, signal);
  }

  /** Adds the gradient of a built-in loss, a raw sum over tokens, to what the next `optimStep` applies. */
  async forwardBackward(
    data: readonly TrainingDatum[],
    loss: LossChoice = 'cross_entropy',
    signal: AbortSignal = NEVER,
  ): Promise<Submitted<PassResult>> {
    return this.#pass('forwardBackward', data, loss, signal);
  }

  /**
   * Adds the gradient of a loss of your own: a forward pass, the objective and its gradient here, and a backward pass
   * with weights −∂loss/∂log p. Resolves when the latter was accepted. `lossSum` is the objective's value, and
   * `loss:sum` among the metrics the linear surrogate's.
   */
  async forwardBackwardCustom(
    data: readonly CustomDatum[],
    objective: Objective,
    signal: AbortSignal = NEVER,
  ): Promise<Submitted<PassResult>> {
    return customPass(this, data, objective, signal);
  }

  /** One AdamW update with everything accumulated. Defaults: 1e-4, β 0.9 and 0.95, ε 1e-12, no decay, no clipping. */
  async optimStep(
    adam: Partial<AdamParams> = {},
    options: OptimOptions = {},
    signal: AbortSignal = NEVER,
  ): Promise<Submitted<{ metrics: Readonly<Record<string, number>> }>> {
    const { modelId } = this;
    return this.#one((seq) =>
      this.#parts.trainer.optimStep({ modelId, seq, adam: { ...ADAM, ...adam }, ...options }, signal),
    );
  }

  /** Weights and optimizer, to go back to. `name` is a DNS label; the returned path is authoritative. */
  async saveState(name: string, signal: AbortSignal = NEVER): Promise<Submitted<{ path: string }>> {
    const { modelId } = this;
    bodies.saveStateBody({ modelId, seq: 0, name });
    return this.#one((seq) => this.#parts.trainer.saveState({ modelId, seq, name }, signal));
  }

  /** Weights for serving, which cannot be loaded back. The returned path is the identity that replicas report. */
  async saveWeightsForSampler(
    snapshot: SnapshotRequest,
    signal: AbortSignal = NEVER,
  ): Promise<Submitted<{ path: string }>> {
    const { modelId } = this;
    bodies.saveSnapshotBody({ modelId, seq: 0, ...snapshot });
    return this.#one((seq) => this.#parts.trainer.saveSnapshot({ modelId, seq, ...snapshot }, signal));
  }

  /**
   * Loads a saved state: a name of this trainer, `cross_job://<job>/<name>`, or `<account>/run-<32 hex>/<name>`.
   * Without `optimizer` the moments start from zero. The next snapshot must be a base.
   */
  async loadState(
    path: string,
    options: { readonly optimizer?: boolean } = {},
    signal: AbortSignal = NEVER,
  ): Promise<Submitted<{ path: string }>> {
    const { modelId } = this;
    const optimizer = options.optimizer ?? true;
    bodies.loadStateBody({ modelId, seq: 0, path, optimizer });
    return this.#one((seq) => this.#parts.trainer.loadState({ modelId, seq, path, optimizer }, signal));
  }

  /** LoRA only: starts from a published adapter, `accounts/<a>/models/<m>` or a `gs://` folder. Weights only. */
  async loadAdapter(path: string, signal: AbortSignal = NEVER): Promise<Submitted<{ path: string }>> {
    const { modelId } = this;
    bodies.loadAdapterBody({ modelId, seq: 0, path });
    return this.#one((seq) => this.#parts.trainer.loadAdapter({ modelId, seq, path }, signal));
  }

  async getInfo(signal: AbortSignal = NEVER): Promise<ModelInfo> {
    return this.#parts.trainer.info(this.modelId, signal);
  }

  /** Models that the trainer can train, with their context lengths. */
  async getServerCapabilities(signal: AbortSignal = NEVER): Promise<readonly ServedModel[]> {
    return this.#parts.trainer.servedModels(signal);
  }

  /** Names of the states that `loadState` takes as they are. */
  async listCheckpoints(signal: AbortSignal = NEVER): Promise<readonly string[]> {
    return this.#parts.trainer.checkpoints(signal);
  }

  /** Ends the model after everything submitted to it, and closes the client. */
  async unload(signal: AbortSignal = NEVER): Promise<void> {
    await this.#submission.settled();
    await Promise.allSettled([...this.#unfinished].map(async (operation) => operation.result(signal)));
    const pending = await this.#parts.trainer.unload(this.modelId, signal);
    await pending.result(signal);
    this.close();
  }

  /** Stops the session's heartbeat. What was submitted goes on; the trainer itself goes on costing. */
  close(): void {
    this.#parts.stopHeartbeat();
  }

  async #pass(
    kind: 'forward' | 'forwardBackward',
    data: readonly TrainingDatum[],
    choice: LossChoice,
    signal: AbortSignal,
  ): Promise<Submitted<PassResult>> {
    const { trainer, limits } = this.#parts;
    const { modelId } = this;
    const loss = typeof choice === 'string' ? { name: choice } : choice;
    const lacking = missingCapability(loss, this.capabilities);
    if (lacking !== undefined) {
      throw new BackendError('InvalidRequest', `${loss.name} as configured needs ${lacking}, which this model lacks`);
    }
    if (data.length === 0) throw new BackendError('InvalidRequest', 'a training request holds no example');
    data.forEach(datumBody);
    const chunks = chunked(data, limits);
    const pending = await this.#submission.chunks(
      chunks.map((chunk) => async (seq: number) => trainer[kind]({ modelId, seq, data: chunk, loss }, signal)),
    );
    return this.#submitted(
      pending.map(({ requestId }) => requestId),
      async (waiting) =>
        mergePasses(
          await Promise.all(
            pending.map(async (part, index) => ({
              ...(await part.result(waiting)),
              datums: chunks[index]?.length ?? 0,
            })),
          ),
        ),
    );
  }

  /** The caller has built the body once: what cannot be sent must not take a number. */
  async #one<T>(send: (seq: number) => Promise<Pending<T>>): Promise<Submitted<T>> {
    const pending = await this.#submission.exclusive(send);
    return this.#submitted([pending.requestId], async (signal) => pending.result(signal));
  }

  #submitted<T>(requestIds: readonly string[], result: (signal: AbortSignal) => Promise<T>): Submitted<T> {
    const operation: Submitted<T> = {
      requestIds,
      result: async (signal = NEVER) => {
        try {
          return await result(signal);
        } finally {
          // A caller who stopped waiting knows nothing of the operation.
          if (!signal.aborted) this.#unfinished.delete(operation);
        }
      },
    };
    this.#unfinished.add(operation);
    return operation;
  }
}

/** In order; what some request of a pass does not tell, the pass does not tell. */
function mergePasses(parts: readonly (PassResult & { readonly datums: number })[]): PassResult {
  const metrics = mergeMetrics(parts.map((part) => ({ metrics: part.metrics, outputs: part.datums })));
  const told = parts.every((part) => part.logprobs.length === part.datums);
  const topTokens = parts.flatMap((part) => part.topTokens ?? []);
  return {
    lossSum: parts.reduce((sum, part) => sum + part.lossSum, 0),
    logprobs: told ? parts.flatMap((part) => part.logprobs) : [],
    metrics,
    ...(topTokens.length > 0 && { topTokens }),
  };
}
