/** Requests of the trainer's data plane, as they arrive. */
import { z } from 'zod';
import { DnsLabel } from '../validate.ts';
import { LOSSES } from './loss-names.ts';

const Finite = z.number();
const Count = z.int().min(0).max(Number.MAX_SAFE_INTEGER);
const Text = z.string().min(1).max(256);
/** Clients may send null for a field that they leave out. No union: it would not say what was wrong. */
function optional<Schema extends z.ZodType>(schema: Schema) {
  return z.preprocess((value) => value ?? undefined, schema.optional()).optional();
}

/** What the protocol knows and this trainer does not do is refused by what it is called. */
function refusedByName(known: string): (issue: { readonly input?: unknown }) => string {
  return ({ input }) => `"${String(input).slice(0, 50)}" is not supported here: ${known} only`;
}

const TensorData = z.object({
  data: z.array(Finite),
  dtype: z.enum(['int64', 'float32']),
  shape: optional(z.array(Count)),
  /** Of a sparse matrix in compressed rows: `data` are then its entries that are not zero. */
  sparse_crow_indices: optional(z.array(Count)),
  sparse_col_indices: optional(z.array(Count)),
});
export type TensorData = z.output<typeof TensorData>;

const chunkType = { error: 'only chunks of type encoded_text are supported here: images and audio are not' };
const TextChunk = z.object({ type: z.literal('encoded_text', chunkType), tokens: z.array(Count).max(100_000) });

const routerReplay = z
  .union([z.undefined(), z.null()], { error: 'router replay (R3) is not supported here' })
  .optional();

export const Datum = z.object({
  model_input: z.object({
    chunks: z.array(TextChunk).min(1),
    routing_matrices: routerReplay,
    routing_matrix_format: routerReplay,
    routing_references: routerReplay,
  }),
  loss_fn_inputs: z.record(z.string(), TensorData),
});
export type Datum = z.output<typeof Datum>;

const ScoreInput = z.object({
  data: z.array(Datum).min(1, 'at least one datum is needed').max(1024, 'at most 1024 datums fit one request'),
  loss_fn: z.enum(LOSSES),
  loss_fn_config: optional(z.record(z.string(), z.unknown())),
});
export type ScoreInput = z.output<typeof ScoreInput>;

const Sequenced = z.object({ model_id: Text, seq_id: z.int().min(1).max(Number.MAX_SAFE_INTEGER) });

export const Forward = Sequenced.extend({ forward_input: ScoreInput });
export const ForwardBackward = Sequenced.extend({ forward_backward_input: ScoreInput });

const AdamParams = z.object({
  learning_rate: Finite.min(0).default(1e-4),
  beta1: Finite.min(0).lt(1).default(0.9),
  beta2: Finite.min(0).lt(1).default(0.95),
  eps: Finite.min(0).default(1e-12),
  weight_decay: Finite.min(0).default(0),
  grad_clip_norm: Finite.min(0).default(0),
  emit_grad_norm_metrics: optional(z.union([z.boolean(), z.enum(['off', 'basic', 'detailed'])])),
});

export const OptimStep = Sequenced.extend({
  adam_params: AdamParams,
  grad_accumulation_normalization: optional(z.enum(['num_loss_tokens', 'num_sequences', 'none'])),
});

export const SaveWeights = Sequenced.extend({
  path: DnsLabel,
  overwrite: optional(z.literal(false, { error: 'overwriting a checkpoint is not supported' })),
});

export const SaveWeightsForSampler = Sequenced.extend({
  path: DnsLabel,
  checkpoint_type: z.enum(['base', 'delta', 'merged_base']).default('base'),
  export_precision: optional(z.enum(['source', 'bf16'], { error: refusedByName('source and bf16') })),
});

export const LoadWeights = Sequenced.extend({ path: Text, optimizer: z.boolean().default(false) });

export const LoadAdapter = Sequenced.extend({ adapter_path: Text });

export const UnloadModel = z.object({ model_id: Text });

const LoraConfig = z.object({
  rank: z.int().min(0).max(1024),
  alpha: optional(Finite.positive()),
  seed: optional(z.int()),
  init_method: optional(z.enum(['kaiming'], { error: refusedByName('kaiming') })),
  train_unembed: z.boolean().default(true),
  train_mlp: z.boolean().default(true),
  train_attn: z.boolean().default(true),
});

export const CreateModel = z.object({
  session_id: Text,
  model_seq_id: Count,
  base_model: Text,
  lora_config: optional(LoraConfig),
  base_only: z.boolean().default(false),
  projection_head_dim: optional(Count),
});
export type CreateModel = z.output<typeof CreateModel>;

export const CreateSession = z.object({
  tags: z.array(z.string()).default([]),
  user_metadata: optional(z.record(z.string(), z.unknown())),
  sdk_version: optional(z.string()),
});

export const SessionHeartbeat = z.object({ session_id: Text });
export const GetInfo = z.object({ model_id: Text });
export const RetrieveFuture = z.object({
  request_id: z.string().min(1).max(256),
  /** The caller can do with the size of a large answer, and asks for it again when there is room. */
  allow_metadata_only: z.boolean().default(false),
});
