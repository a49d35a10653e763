/** What a trainer's process can be asked to do: the calls between the HTTP side and the arithmetic. */
import type { LossName } from './loss-names.ts';
import type { AdamParams } from '../model/adam.ts';
import type { Sequence } from '../model/sequence.ts';
import type { ModelConfig } from '../model/layout.ts';
import type { LoraConfig } from '../model/parameters.ts';
import type { WeightSource } from '../model/weight-source.ts';
import type { ModelKind } from './model-kind.ts';

export type Normalization = 'num_loss_tokens' | 'num_sequences' | 'none';

export interface BootRequest {
  readonly op: 'boot';
  readonly baseModel: string;
  readonly config: ModelConfig;
  /** Folder of the job's own bucket. */
  readonly bucket: string;
  /** The base model's. */
  readonly weights: WeightSource;
  /** How long an optimizer step takes, at least. */
  readonly stepMs: number;
  readonly passMs: number;
  readonly compute: Compute;
  readonly strictNames: boolean;
  readonly emptyStep: 'refuse' | 'apply';
}

/** `none` answers at once with the numbers of a model that knows nothing, for tests of load. */
export type Compute = 'real' | 'none';

export interface CreateModelRequest extends ModelKind {
  readonly op: 'create_model';
  readonly model: string;
}

export interface LossConfig {
  /** Ratios, not distances from one. */
  readonly clipLow?: number;
  readonly clipHigh?: number;
  readonly beta?: number;
  /** Changes of probability. */
  readonly deltaLow?: number;
  readonly deltaHigh?: number;
  /** How far the logarithm of a token's ratio, or a sequence's, may be from zero. */
  readonly ratioLogCap?: number;
  readonly sequenceLogCap?: number;
  /** The most that a token to be made less likely counts, as a multiple of its advantage. */
  readonly dualClip?: number;
  /** Forward only: tell this many of the likeliest tokens of each position. */
  readonly topK?: number;
}

/** What a policy loss knows of each position, beside the model's own log-probability. */
export interface PolicyInputs {
  readonly advantages: Float32Array;
  /** Log-probabilities under the policy that drew the tokens. */
  readonly old?: Float32Array;
  /** Factor of each position's loss; 0 leaves it out. */
  readonly mask: Float32Array;
  readonly clipLow?: Float32Array;
  readonly clipHigh?: Float32Array;
}

/** A datum. `policy` is there for every loss but cross entropy, whose weights the sequence has. */
export interface Example {
  readonly sequence: Sequence;
  readonly policy?: PolicyInputs;
  readonly lossTokens: number;
}

export interface ScoreRequest {
  readonly op: 'forward' | 'forward_backward';
  readonly model: string;
  readonly loss: LossName;
  readonly config: LossConfig;
  readonly batch: readonly Example[];
}

export interface OptimStepRequest {
  readonly op: 'optim_step';
  readonly model: string;
  readonly adam: AdamParams;
  readonly normalization: Normalization;
  readonly normMetrics: boolean;
}

interface SaveStateRequest {
  readonly op: 'save_state';
  readonly model: string;
  readonly name: string;
}

/** `merged_base` folds an adapter into the weights it was trained over. */
type SnapshotKind = 'base' | 'delta' | 'merged_base';

export interface SaveSnapshotRequest {
  readonly op: 'save_snapshot';
  readonly model: string;
  readonly identity: string;
  readonly kind: SnapshotKind;
  readonly precision: 'source' | 'bf16';
}

interface LoadStateRequest {
  readonly op: 'load_state';
  readonly model: string;
  /** Folder of the bucket that holds it: this job's, or another's. */
  readonly bucket: string;
  readonly name: string;
  readonly optimizer: boolean;
}

interface LoadAdapterRequest {
  readonly op: 'load_adapter';
  readonly model: string;
  readonly name: string;
  readonly baseModel: string;
  readonly lora: LoraConfig;
  readonly file: string;
}

interface UnloadRequest {
  readonly op: 'unload';
  readonly model: string;
}

export type TrainerRequest =
  | BootRequest
  | CreateModelRequest
  | ScoreRequest
  | OptimStepRequest
  | SaveStateRequest
  | SaveSnapshotRequest
  | LoadStateRequest
  | LoadAdapterRequest
  | UnloadRequest;

export interface TopK {
  /** [positions, k], likeliest first. */
  readonly logprobs: Float32Array;
  readonly indices: readonly number[];
}

export interface ScoreResult {
  readonly loss: number;
  readonly logprobs: readonly Float32Array[];
  readonly topK?: readonly TopK[];
  readonly metrics: Readonly<Record<string, number>>;
}

export interface OptimStepResult {
  readonly metrics: Readonly<Record<string, number>>;
}
