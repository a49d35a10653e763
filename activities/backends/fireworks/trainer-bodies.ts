/** Bodies of trainer requests: pure functions, so that the same call always gives the same bytes. */
import { BackendError } from '../../errors.ts';
import type { AdamParams, Datum, Trainer } from '../../ports.ts';

type CreateModel = Parameters<Trainer['createModel']>[0];
type Sequenced = { readonly modelId: string; readonly seq: number };

/** The version of the trainer protocol that this client speaks. */
const PROTOCOL_VERSION = '0.23.0';

export function createSessionBody(tags: readonly string[]): string {
  return JSON.stringify({ tags, user_metadata: {}, sdk_version: PROTOCOL_VERSION, type: 'create_session' });
}

export function heartbeatBody(sessionId: string): string {
  return JSON.stringify({ session_id: sessionId, type: 'session_heartbeat' });
}

/** Full-parameter training is spelled as a LoRA of rank 0, without alpha. */
export function createModelBody({ sessionId, modelSeq, baseModel, lora }: CreateModel): string {
  return JSON.stringify({
    session_id: sessionId,
    model_seq_id: modelSeq,
    base_model: baseModel,
    lora_config: {
      rank: lora?.rank ?? 0,
      ...(lora === undefined ? {} : { alpha: lora.alpha }),
      train_unembed: lora?.trainUnembed ?? true,
      train_mlp: lora?.trainMlp ?? true,
      train_attn: lora?.trainAttn ?? true,
    },
    type: 'create_model',
  });
}

export function forwardBackwardBody({ modelId, seq, data }: Sequenced & { data: readonly Datum[] }): string {
  if (data.length === 0) throw new BackendError('InvalidRequest', 'a training request holds no example');
  return JSON.stringify({
    forward_backward_input: { data: data.map(datumBody), loss_fn: 'cross_entropy' },
    model_id: modelId,
    seq_id: seq,
  });
}

export function optimStepBody({
  modelId,
  seq,
  adam,
  normalization,
}: Sequenced & { adam: AdamParams; normalization?: string }): string {
  return JSON.stringify({
    adam_params: {
      learning_rate: adam.learningRate,
      beta1: adam.beta1,
      beta2: adam.beta2,
      eps: adam.eps,
      weight_decay: adam.weightDecay,
      grad_clip_norm: adam.gradClipNorm,
    },
    model_id: modelId,
    seq_id: seq,
    type: 'optim_step',
    grad_accumulation_normalization: normalization,
  });
}

export function saveStateBody({ modelId, seq, name }: Sequenced & { name: string }): string {
  return JSON.stringify({
    model_id: modelId,
    path: dnsLabel(name),
    seq_id: seq,
    overwrite: false,
    type: 'save_weights',
  });
}

export function saveSnapshotBody({ modelId, seq, name, type }: Sequenced & { name: string; type: string }): string {
  return JSON.stringify({
    model_id: modelId,
    path: dnsLabel(name),
    seq_id: seq,
    type: 'save_weights_for_sampler',
    checkpoint_type: type,
  });
}

export function loadStateBody({
  modelId,
  seq,
  path,
  optimizer,
}: Sequenced & { path: string; optimizer: boolean }): string {
  return JSON.stringify({ model_id: modelId, path, optimizer, seq_id: seq, type: 'load_weights' });
}

export function retrieveBody(requestId: string): string {
  // Not every trainer can answer with metadata only, so the result itself is asked for.
  return JSON.stringify({ request_id: requestId, allow_metadata_only: false });
}

function datumBody({ inputTokens, targetTokens, weights }: Datum, index: number): object {
  const length = inputTokens.length;
  if (length === 0 || targetTokens.length !== length || weights.length !== length) {
    throw new BackendError(
      'InvalidRequest',
      `training example ${index} has ${length} input tokens, ${targetTokens.length} targets and ${weights.length} weights: ` +
        'they must be as many, and at least one',
    );
  }
  if (!inputTokens.every(isTokenId) || !targetTokens.every(isTokenId)) {
    throw new BackendError('InvalidRequest', `training example ${index} holds something that is not a token id`);
  }
  // JSON of the rounded value is what the trainer will compute with, digit for digit.
  const rounded = weights.map(Math.fround);
  if (!rounded.every(Number.isFinite)) {
    throw new BackendError('InvalidRequest', `training example ${index} has a weight that is not a finite float32`);
  }
  return {
    model_input: { chunks: [{ type: 'encoded_text', tokens: inputTokens }] },
    loss_fn_inputs: {
      target_tokens: { data: targetTokens, dtype: 'int64', shape: [length] },
      weights: { data: rounded, dtype: 'float32', shape: [length] },
    },
  };
}

function isTokenId(value: number): boolean {
  return Number.isSafeInteger(value) && value >= 0;
}

/** The platform checks names only when it loads them, which is too late. */
function dnsLabel(name: string): string {
  if (/^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$/.test(name)) return name;
  throw new BackendError(
    'InvalidRequest',
    `"${name}" cannot name a checkpoint: use 1 to 63 of a-z, 0-9 and inner hyphens`,
  );
}
