/** What kind of model a request asks for: all weights, an adapter, or a frozen base; and what it is told it can do. */
import { MAX_LORA_RANK, type BaseModel } from '../catalog.ts';
import { ApiError, invalid } from '../errors.ts';
import type { LoraConfig } from '../model/parameters.ts';
import type { CreateModel } from './schemas.ts';

const DEFAULT_ALPHA_PER_RANK = 2;

export interface ModelKind {
  readonly lora?: LoraConfig;
  readonly loraSeed: string;
  /** A frozen copy of the base model: it can be scored, not trained. */
  readonly baseOnly: boolean;
}

interface TrainerKind {
  readonly baseModel: BaseModel;
  readonly loraRank: number;
  readonly forwardOnly: boolean;
  readonly seed: string;
}

/** Throws unless a trainer of this kind can hold the model. */
export function kindOf(request: CreateModel, { baseModel, loraRank, forwardOnly, seed }: TrainerKind): ModelKind {
  if (request.base_model !== baseModel.name) {
    throw invalid(`this trainer has base model "${baseModel.name}", not "${request.base_model}"`);
  }
  if (request.projection_head_dim !== undefined && request.projection_head_dim > 0) {
    throw new ApiError('INVALID_ARGUMENT', 'projection_head_dim: projection heads are not supported here');
  }
  const loraSeed = `${seed}/${request.lora_config?.seed ?? 0}`;
  if (request.base_only) return { loraSeed, baseOnly: true };
  if (loraRank === 0) {
    checkWithoutLora(request);
    return { loraSeed, baseOnly: forwardOnly };
  }
  return { lora: withLora(request, Math.min(loraRank, MAX_LORA_RANK)), loraSeed, baseOnly: forwardOnly };
}

function checkWithoutLora({ lora_config: config }: CreateModel): void {
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

/** The answer to create_model: clients refuse locally what is not among the capabilities. */
export function createdBody(modelId: string): object {
  return {
    model_id: modelId,
    type: 'create_model',
    comms: 'v1',
    supports_router_replay: false,
    supports_target_logprob_support: false,
    supports_reinforce: true,
    supports_score_centering: false,
    supports_policy_importance_sampling: false,
    supports_policy_diagnostics: false,
    supports_rdma_weight_sync: false,
    rdma_weight_sync_enabled: false,
  };
}
