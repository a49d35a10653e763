/** Bodies of trainer requests: pure functions, so that the same call always gives the same bytes. */
import { BackendError } from '../../../domain/words/failures-of-calls.ts';
import type { AdamParams } from '../../ports.ts';
import { datumBody, type TrainingDatum } from './datum.ts';
import type { Loss } from './losses.ts';
import type { ModelRequest, OptimOptions, SnapshotRequest } from './trainer-requests.ts';

type Sequenced = { readonly modelId: string; readonly seq: number };

/** The version of the trainer protocol that this client speaks. */
const PROTOCOL_VERSION = '0.23.0';

export function createSessionBody(tags: readonly string[]): string {
  return JSON.stringify({ tags, user_metadata: {}, sdk_version: PROTOCOL_VERSION, type: 'create_session' });
}

export function heartbeatBody(sessionId: string): string {
  return JSON.stringify({ session_id: sessionId, type: 'session_heartbeat' });
}

/**
 * Full-parameter training is spelled as a LoRA of rank 0, without alpha; a frozen reference has no LoRA at all.
 */
export function createModelBody({ sessionId, modelSeq, baseModel, lora, baseOnly }: ModelRequest): string {
  const weights =
    baseOnly === true
      ? { base_only: true }
      : {
          lora_config: {
            rank: lora?.rank ?? 0,
            ...(lora === undefined ? {} : { alpha: lora.alpha ?? 32, init_method: lora.initMethod, seed: lora.seed }),
            train_unembed: lora?.trainUnembed ?? true,
            train_mlp: lora?.trainMlp ?? true,
            train_attn: lora?.trainAttn ?? true,
          },
        };
  return JSON.stringify({
    session_id: sessionId,
    model_seq_id: modelSeq,
    base_model: baseModel,
    ...weights,
    type: 'create_model',
  });
}

type Pass = Sequenced & { readonly data: readonly TrainingDatum[]; readonly loss?: Loss };

export function forwardBody(pass: Pass): string {
  return JSON.stringify({ forward_input: passBody(pass), model_id: pass.modelId, seq_id: pass.seq });
}

export function forwardBackwardBody(pass: Pass): string {
  return JSON.stringify({ forward_backward_input: passBody(pass), model_id: pass.modelId, seq_id: pass.seq });
}

function passBody({ data, loss }: Pass): object {
  if (data.length === 0) throw new BackendError('InvalidRequest', 'a training request holds no example');
  return {
    data: data.map(datumBody),
    loss_fn: loss?.name ?? 'cross_entropy',
    ...(loss?.config === undefined ? {} : { loss_fn_config: loss.config }),
  };
}

export function optimStepBody({
  modelId,
  seq,
  adam,
  normalization,
  gradNormMetrics,
}: Sequenced & { adam: AdamParams } & OptimOptions): string {
  return JSON.stringify({
    adam_params: {
      learning_rate: adam.learningRate,
      beta1: adam.beta1,
      beta2: adam.beta2,
      eps: adam.eps,
      weight_decay: adam.weightDecay,
      grad_clip_norm: adam.gradClipNorm,
      emit_grad_norm_metrics: gradNormMetrics,
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

export function saveSnapshotBody({
  modelId,
  seq,
  name,
  type,
  exportPrecision,
}: Sequenced & Pick<SnapshotRequest, 'name' | 'type' | 'exportPrecision'>): string {
  if (exportPrecision !== undefined && type !== 'merged_base') {
    throw new BackendError('InvalidRequest', 'an export precision belongs to merged_base snapshots only');
  }
  return JSON.stringify({
    model_id: modelId,
    path: dnsLabel(name),
    seq_id: seq,
    type: 'save_weights_for_sampler',
    checkpoint_type: type,
    export_precision: exportPrecision,
  });
}

export function loadStateBody({
  modelId,
  seq,
  path,
  optimizer,
}: Sequenced & { path: string; optimizer: boolean }): string {
  return JSON.stringify({ model_id: modelId, path: statePath(path), optimizer, seq_id: seq, type: 'load_weights' });
}

/** The one sequenced body without a `type`. */
export function loadAdapterBody({ modelId, seq, path }: Sequenced & { path: string }): string {
  if (!/^(accounts\/[^/]+\/models\/[^/]+|gs:\/\/[^/]+\/.+)$/.test(path)) {
    throw new BackendError(
      'InvalidRequest',
      `"${path}" is not an adapter: use accounts/<account>/models/<model>, or a gs://… folder`,
    );
  }
  return JSON.stringify({ adapter_path: path, model_id: modelId, seq_id: seq });
}

/** Takes no number: the model's sequence ends with it. */
export function unloadBody(modelId: string): string {
  return JSON.stringify({ model_id: modelId, type: 'unload_model' });
}

export function getInfoBody(modelId: string): string {
  return JSON.stringify({ model_id: modelId, type: 'get_info' });
}

export function retrieveBody(requestId: string): string {
  // Not every trainer can answer with metadata only, so the result itself is asked for.
  return JSON.stringify({ request_id: requestId, allow_metadata_only: false });
}

const LABEL = '[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?';
const DNS_LABEL = new RegExp(`^${LABEL}$`);
/** A trainer's own state, another job's, or (serverless) another run's. */
const STATE_PATH = new RegExp(`^(?:${LABEL}|cross_job://${LABEL}/${LABEL}|[^/]+/run-[0-9a-f]{32}/${LABEL})$`);

function statePath(path: string): string {
  if (STATE_PATH.test(path)) return path;
  throw new BackendError(
    'InvalidRequest',
    `"${path}" is not resumable state: use a checkpoint's name, cross_job://<job>/<name> or <account>/run-<32 hex>/<name>`,
  );
}

/** The platform checks names only when it loads them, which is too late. */
function dnsLabel(name: string): string {
  if (DNS_LABEL.test(name)) return name;
  throw new BackendError(
    'InvalidRequest',
    `"${name}" cannot name a checkpoint: use 1 to 63 of a-z, 0-9 and inner hyphens`,
  );
}
