/** What a replica's process can be asked to do, and what it tells of running generations. */
import type { ModelConfig } from '../model/layout.ts';
import type { WeightSource } from '../model/weight-source.ts';
import type { CacheReset } from './prompt-cache.ts';

export interface BootRequest {
  readonly op: 'boot';
  readonly baseModel: string;
  readonly config: ModelConfig;
  /** The base model's. */
  readonly weights: WeightSource;
}

export interface LoadRequest {
  readonly op: 'load';
  readonly bucket: string;
  readonly identity: string;
  /** Present: the snapshot is a delta on top of this identity. */
  readonly previous?: string | undefined;
  readonly reset: CacheReset;
}

export interface LoadResult {
  /** Whether the snapshot is an adapter over the base model. */
  readonly adapter: boolean;
}

export interface SamplingParams {
  readonly maxTokens: number;
  /** 0 is greedy. */
  readonly temperature: number;
  readonly topP: number;
  /** 0 is off. */
  readonly topK: number;
  readonly seed: string;
  readonly stop: readonly string[];
  readonly topLogprobs: number;
  readonly ignoreEos: boolean;
  /** How many of the prompt's last tokens are told, with their own log-probabilities. */
  readonly echoed: number;
  /** Names the conversation that the prompt belongs to. */
  readonly cacheKey?: string;
}

export interface GenerateRequest {
  readonly op: 'generate';
  readonly stream: number;
  readonly prompt: readonly number[];
  readonly params: SamplingParams;
}

interface CancelRequest {
  readonly op: 'cancel';
  readonly stream: number;
}

export type ReplicaRequest = BootRequest | LoadRequest | GenerateRequest | CancelRequest;

export interface TokenRecord {
  readonly token: number;
  /** Under the model alone. */
  readonly logprob: number;
  /** Under the distribution that the token was drawn from; absent for a prompt's tokens, which were not drawn. */
  readonly samplingLogprob?: number;
  readonly top: readonly { readonly token: number; readonly logprob: number }[];
}

/** New tokens of several generations, and the snapshot that they came from. */
export interface TokensEvent {
  readonly identity?: string;
  readonly tokens: readonly { readonly stream: number; readonly records: readonly TokenRecord[] }[];
}

export interface GenerateResult {
  readonly finishReason: 'stop' | 'length' | 'cancelled';
  readonly identity?: string;
  readonly queuedMs: number;
  readonly firstTokenMs: number;
  readonly totalMs: number;
  readonly concurrent: number;
  /** Tokens of the prompt that did not have to be read. */
  readonly cachedTokens: number;
}
