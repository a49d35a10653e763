/** What a trainer's process can be asked to do: the calls between the HTTP side and the arithmetic. */
import type { AdamParams } from '../model/adam.ts';
import type { Sequence } from '../model/engine.ts';
import type { ModelConfig } from '../model/layout.ts';
import type { LoraConfig } from '../model/parameters.ts';

export type Normalization = 'num_loss_tokens' | 'num_sequences' | 'none';

export interface BootRequest {
  readonly op: 'boot';
  readonly baseModel: string;
  readonly config: ModelConfig;
  /** Folder of the job's own bucket. */
  readonly bucket: string;
  /** Seed of the base model's weights. */
  readonly seed: string;
}

export interface CreateModelRequest {
  readonly op: 'create_model';
  readonly model: string;
  readonly lora?: LoraConfig;
  readonly loraSeed: string;
  /** A frozen copy of the base model: it can be scored, not trained. */
  readonly baseOnly: boolean;
}

export type LossName = 'cross_entropy';

interface ScoreRequest {
  readonly op: 'forward' | 'forward_backward';
  readonly model: string;
  readonly loss: LossName;
  readonly batch: readonly Sequence[];
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

interface SaveSnapshotRequest {
  readonly op: 'save_snapshot';
  readonly model: string;
  readonly identity: string;
  readonly kind: 'base' | 'delta';
}

interface LoadStateRequest {
  readonly op: 'load_state';
  readonly model: string;
  /** Folder of the bucket that holds it: this job's, or another's. */
  readonly bucket: string;
  readonly name: string;
  readonly optimizer: boolean;
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
  | UnloadRequest;

export interface ScoreResult {
  readonly loss: number;
  readonly logprobs: readonly Float32Array[];
}

export interface OptimStepResult {
  readonly metrics: Readonly<Record<string, number>>;
}
