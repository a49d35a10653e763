/**
 * The ports that a training platform fills. One folder of `backends/` per platform; nothing outside it knows which one
 * runs. Every call takes an AbortSignal, and fails with a `BackendError` of `errors.ts`.
 */
import type { Place } from '../domain/words/place.ts';
import type { PromotionOrder } from '../domain/words/promotion.ts';
import type { ResolvedShape } from '../domain/words/plan.ts';
import type { Target } from '../domain/words/checkpoint.ts';

/** A platform, its four services joined. */
export interface Backend {
  readonly name: string;
  /** `sequence`: an identical body under the same sequence number is applied once. `none`: the caller must rewind. */
  readonly replay: 'sequence' | 'none';
  readonly provisioner: Provisioner;
  readonly weightSync: WeightSync;
  readonly sampler: Sampler;
  trainer(trainerId: string): Trainer;
  close(): Promise<void>;
}

export interface TrainerRequest {
  readonly id: string;
  /** Shape name, or the exact version the user pinned. Absent: the platform chooses. */
  readonly shape?: string;
  readonly baseModel: string;
  /** 0: full-parameter. */
  readonly loraRank: number;
  /** A frozen reference, which can only `forward`. */
  readonly forwardOnly?: boolean;
  readonly learningRate: number;
  readonly displayName: string;
}

export interface TrainerStatus {
  readonly id: string;
  /** The platform's own word, e.g. `JOB_STATE_RUNNING`. */
  readonly state: string;
  readonly phase: 'starting' | 'waiting-for-capacity' | 'running' | 'ended' | 'deleted';
  /** Best human-readable detail the platform gave. */
  readonly detail?: string;
}

export interface DeploymentRequest {
  readonly id: string;
  readonly baseModel: string;
  readonly shape: string;
  readonly trainerId: string;
  readonly replicas: number;
  readonly description: string;
}

export interface DeploymentStatus {
  readonly id: string;
  readonly state: string;
  readonly phase: 'starting' | 'serving' | 'failed' | 'deleted';
  readonly baseModel: string;
  readonly replicas: number;
  /** The trainer whose snapshots it can load. */
  readonly trainerId?: string;
  readonly detail?: string;
}

/** Something that costs money, by the platform's own list. */
export interface Rented {
  readonly kind: 'trainer' | 'deployment';
  readonly id: string;
  readonly state: string;
  /** What it was created with, to tell it by: its `displayName` or `description`. */
  readonly label?: string;
}

/** What a platform tells of an adapter that a LoRA model can begin with; absent: not told. */
export interface AdapterFacts {
  /** Over which it was trained. */
  readonly baseModel?: string;
  readonly rank?: number;
}

/** Rents and returns machines under ids that the caller planned: creating twice is creating once. */
export interface Provisioner {
  account(signal: AbortSignal): Promise<string>;
  /** Which platform this is, and the account: asked anew each time where the same address may come to be another platform. */
  place(signal: AbortSignal): Promise<Place>;
  resolveShape(shape: string, signal: AbortSignal): Promise<ResolvedShape>;
  /** Fails where there is none of that name, it is not ready, or it is no adapter. */
  adapter(name: string, signal: AbortSignal): Promise<AdapterFacts>;
  /** Adopts an existing trainer of that id if it was created with the same configuration; a tombstone is an error. */
  createTrainer(request: TrainerRequest, signal: AbortSignal): Promise<TrainerStatus>;
  getTrainer(id: string, signal: AbortSignal): Promise<TrainerStatus | undefined>;
  /** Starts an ended trainer's process again, empty: sessions, models and sequences are gone, checkpoints are not. */
  resumeTrainer(id: string, signal: AbortSignal): Promise<void>;
  /** Idempotent. The trainer's row and checkpoints outlive it. */
  deleteTrainer(id: string, signal: AbortSignal): Promise<void>;
  createDeployment(request: DeploymentRequest, signal: AbortSignal): Promise<DeploymentStatus>;
  getDeployment(id: string, signal: AbortSignal): Promise<DeploymentStatus | undefined>;
  scaleDeployment(id: string, replicas: number, signal: AbortSignal): Promise<void>;
  /**
   * Links the deployment to another trainer, if it is not yet, and waits until it serves again: with the weights it was
   * deployed with, so that the next load must be a whole one. `shape` is what that trainer's deployments are made of.
   */
  reattachDeployment(id: string, link: { trainerId: string; shape: string }, signal: AbortSignal): Promise<void>;
  /** The deployment forgets what it loaded; the next load must be a whole one. */
  resetLedger(id: string, signal: AbortSignal): Promise<void>;
  /** Every trainer and deployment of the account that is not over, whoever made it. */
  listRented(signal: AbortSignal): Promise<readonly Rented[]>;
  /** Idempotent: a deployment that is not there is deleted. */
  deleteDeployment(id: string, signal: AbortSignal): Promise<void>;
  /**
   * Makes a model of a snapshot, and returns once it can be used. Asked again, or after a lost reply, it adopts the model
   * of that name if it stems from this snapshot; a model that does not is an invalid request.
   */
  promote(order: PromotionOrder, signal: AbortSignal): Promise<void>;
}

/** One training example: targets are the input shifted by one, weights zero on the prompt. All of one length N. */
export interface Datum {
  readonly inputTokens: readonly number[];
  readonly targetTokens: readonly number[];
  /** Weight of −log p of each target, float32. */
  readonly weights: readonly number[];
}

export interface AdamParams {
  readonly learningRate: number;
  readonly beta1: number;
  readonly beta2: number;
  readonly eps: number;
  readonly weightDecay: number;
  readonly gradClipNorm: number;
}

/** A request the trainer has accepted under its sequence number; its result is waited for separately. */
export interface Pending<T> {
  readonly requestId: string;
  /** Waits as long as the trainer computes. */
  result(signal: AbortSignal): Promise<T>;
}

export interface ForwardBackwardResult {
  /** Σ −log p · weight over the request; NaN where it diverged, or a forward pass does not tell it. */
  readonly lossSum: number;
  /** log p of each target, one array per datum; empty where a backward pass does not tell them: only `forward` must. */
  readonly logprobs: readonly (readonly number[])[];
  /** By name and reduction, e.g. `loss:sum`. */
  readonly metrics: Readonly<Record<string, number>>;
}

interface Sequenced {
  readonly modelId: string;
  /** From 1, no gaps, shared by every sequenced call of one model. */
  readonly seq: number;
}

/**
 * A live trainer. Submitting resolves when the trainer has *accepted* the request, so that the next one can be
 * submitted while it computes. Submitting the identical call again is harmless where `replay` is `sequence`.
 */
export interface Trainer {
  /** True once the trainer process answers. */
  healthy(signal: AbortSignal): Promise<boolean>;
  createSession(tags: readonly string[], signal: AbortSignal): Promise<string>;
  heartbeat(sessionId: string, signal: AbortSignal): Promise<void>;
  /** The model is gone: its room is another's. */
  unload(modelId: string, signal: AbortSignal): Promise<Pending<unknown>>;
  createModel(
    request: {
      sessionId: string;
      modelSeq: number;
      baseModel: string;
      lora?: { rank: number; alpha: number; trainUnembed: boolean; trainMlp: boolean; trainAttn: boolean };
      /** A frozen copy of the base model beside what is trained: it can only `forward`. */
      baseOnly?: boolean;
    },
    signal: AbortSignal,
  ): Promise<Pending<{ modelId: string }>>;
  /** Cross-entropy without a gradient: what the model thinks of the targets. */
  forward(call: Sequenced & { data: readonly Datum[] }, signal: AbortSignal): Promise<Pending<ForwardBackwardResult>>;
  forwardBackward(
    call: Sequenced & { data: readonly Datum[] },
    signal: AbortSignal,
  ): Promise<Pending<ForwardBackwardResult>>;
  optimStep(
    call: Sequenced & {
      adam: AdamParams;
      normalization?: 'num_loss_tokens' | 'num_sequences';
      /** Asks for the gradient's norm among the metrics. */
      gradNormMetrics?: 'basic';
    },
    signal: AbortSignal,
  ): Promise<Pending<{ metrics: Readonly<Record<string, number>> }>>;
  /** Weights and optimizer, for going back. `name` is a DNS label; the returned path is authoritative. */
  saveState(call: Sequenced & { name: string }, signal: AbortSignal): Promise<Pending<{ path: string }>>;
  /** Weights for serving; the returned path is the identity that replicas will report. */
  saveSnapshot(
    call: Sequenced & { name: string; type: 'base' | 'delta' },
    signal: AbortSignal,
  ): Promise<Pending<{ path: string }>>;
  loadState(
    call: Sequenced & { path: string; optimizer: boolean },
    signal: AbortSignal,
  ): Promise<Pending<{ path: string }>>;
  /** Weights of a promoted adapter, into a LoRA model of its rank; the optimizer begins anew. */
  loadAdapter(call: Sequenced & { path: string }, signal: AbortSignal): Promise<Pending<{ path: string }>>;
}

export interface ReplicaStatus {
  readonly ready: boolean;
  /** Absent: the replica serves what it was deployed with. */
  readonly identity?: string;
  /** Every identity this replica answers for (an adapter may be served beside the base). */
  readonly loaded: readonly string[];
  readonly stage?: string;
  /** The identity that `stage` speaks of. */
  readonly targetIdentity?: string;
}

/** `previousIdentity` makes it a delta on top of that one. */
export interface Snapshot {
  readonly identity: string;
  readonly previousIdentity?: string;
}

/** Brings a deployment to a snapshot, and says what its replicas serve. */
export interface WeightSync {
  replicas(target: Target, signal: AbortSignal): Promise<readonly ReplicaStatus[]>;
  /** Asks for a load; returns once the request is accepted. */
  load(target: Target, snapshot: Snapshot, signal: AbortSignal): Promise<void>;
  /**
   * Polls until every replica is ready and reports the identity; fails with `SyncFailedError` on error or time-out. A replica
   * that was replaced meanwhile is asked again, unless the delta does not fit it.
   */
  waitConfirmed(
    target: Target,
    snapshot: Snapshot,
    options: { timeoutMs: number; signal: AbortSignal; onStatus?: (replicas: readonly ReplicaStatus[]) => void },
  ): Promise<readonly ReplicaStatus[]>;
}

export interface SampleRequest {
  readonly promptTokens: readonly number[];
  readonly maxTokens: number;
  readonly temperature: number;
  readonly seed?: number;
  readonly stop?: readonly string[];
  /** Tells the log-probabilities of the prompt too. */
  readonly echo?: boolean;
  /** Constant over the retries of one logical sample. 32 hex digits. */
  readonly requestId: string;
}

export interface Sample {
  readonly tokens: readonly number[];
  readonly text: string;
  readonly finishReason: 'stop' | 'length' | 'tool_calls';
  /** log p of each token under the model (temperature 1, full vocabulary), in nats. */
  readonly logprobs: readonly number[];
  /** Only with `echo`: log p of targets 1, 2, … of prompt and completion; the first token of all is none. */
  readonly targetLogprobs?: readonly number[];
  /** Identity named in the stream itself, where the platform sends one. */
  readonly servedIdentity?: string;
  readonly latencyMs: number;
}

/** Asks a deployment for one completion, whole or not at all: retries inside, fails with a `BackendError`. */
export interface Sampler {
  sample(target: Target, request: SampleRequest, signal: AbortSignal): Promise<Sample>;
}
