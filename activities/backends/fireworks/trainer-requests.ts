/** The data plane of one trainer, call by call: the port, and what this platform offers beyond it. */
import type { AdamParams, Pending, Trainer } from '../../ports.ts';
import type { TrainingDatum } from './datum.ts';
import type { Capabilities, Loss } from './losses.ts';
import type { PassOutput } from './pass-replies.ts';

export interface LoraOptions {
  /** At most the rank that the trainer was rented with. */
  readonly rank: number;
  /** Default: 32. */
  readonly alpha?: number;
  /** Default of all three: true. */
  readonly trainUnembed?: boolean;
  readonly trainMlp?: boolean;
  readonly trainAttn?: boolean;
  readonly initMethod?: 'kaiming' | 'nora';
  /** Of the adapter's first weights. */
  readonly seed?: number;
}

export interface ModelRequest {
  readonly sessionId: string;
  /** 0, 1, 2, … within its session. */
  readonly modelSeq: number;
  readonly baseModel: string;
  /** Absent: every weight is trained. */
  readonly lora?: LoraOptions;
  /** A frozen reference on the same trainer: it can only `forward`. */
  readonly baseOnly?: boolean;
}

interface CreatedModel {
  readonly modelId: string;
  readonly capabilities: Capabilities;
}

export interface OptimOptions {
  /** What the summed gradient is divided by. Absent: nothing, for weights that are already means. Never both. */
  readonly normalization?: 'num_loss_tokens' | 'num_sequences' | 'none';
  readonly gradNormMetrics?: boolean | 'off' | 'basic' | 'detailed';
}

export interface SnapshotRequest {
  readonly name: string;
  /** `merged_base` folds a LoRA adapter into the base weights. */
  readonly type: 'base' | 'delta' | 'merged_base';
  /** Of a `merged_base` only. Default: the source's. */
  readonly exportPrecision?: 'source' | 'bf16' | 'nvfp4' | 'mxfp8' | 'fp8_block128';
}

export interface ModelInfo {
  readonly modelId: string;
  readonly baseModel?: string;
  readonly architecture?: string;
  readonly tokenizer?: string;
  readonly isLora: boolean;
  readonly loraRank: number;
}

export interface ServedModel {
  readonly name: string;
  readonly maxContextTokens?: number;
}

interface Sequenced {
  readonly modelId: string;
  /** From 1, no gaps, shared by every sequenced call of one model. */
  readonly seq: number;
}

type Pass = Sequenced & { readonly data: readonly TrainingDatum[]; readonly loss?: Loss };

/** A trainer whose caller counts the sequence numbers. `TrainingClient` counts them itself. */
export interface FireworksTrainer extends Trainer {
  createModel(request: ModelRequest, signal: AbortSignal): Promise<Pending<CreatedModel>>;
  /** Log-probabilities without a gradient. `loss` defaults to cross_entropy. */
  forward(call: Pass, signal: AbortSignal): Promise<Pending<PassOutput>>;
  forwardBackward(call: Pass, signal: AbortSignal): Promise<Pending<PassOutput>>;
  optimStep(
    call: Sequenced & { readonly adam: AdamParams } & OptimOptions,
    signal: AbortSignal,
  ): Promise<Pending<{ metrics: Readonly<Record<string, number>> }>>;
  saveSnapshot(call: Sequenced & SnapshotRequest, signal: AbortSignal): Promise<Pending<{ path: string }>>;
  /** Ends a model. The caller has waited for everything that it submitted to it. */
  unload(modelId: string, signal: AbortSignal): Promise<Pending<{ modelId: string }>>;
  info(modelId: string, signal: AbortSignal): Promise<ModelInfo>;
  servedModels(signal: AbortSignal): Promise<readonly ServedModel[]>;
  /** Names of the resumable states that this trainer can load by their bare name. */
  checkpoints(signal: AbortSignal): Promise<readonly string[]>;
}
