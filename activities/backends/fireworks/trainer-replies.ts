/** What a trainer answers, in the words of the port. */
import { z } from 'zod';
import type { Capabilities } from './losses.ts';
import { Numbers } from './reply-numbers.ts';
import type { ModelInfo, ServedModel } from './trainer-requests.ts';

const text = z.string().nullish();

export const SessionCreated = z
  .object({ session_id: z.string().min(1), info_message: text, warning_message: text, error_message: text })
  .transform((reply) => ({
    sessionId: reply.session_id,
    notes: [reply.info_message, reply.warning_message, reply.error_message].filter(
      (note): note is string => typeof note === 'string' && note !== '',
    ),
  }));

/** Anything but a plain yes or no is unknown. */
const flag = z.boolean().optional().catch(undefined);

export const ModelCreated = z
  .object({
    model_id: z.string().min(1),
    rdma_weight_sync_enabled: z.unknown().optional(),
    supports_target_logprob_support: flag,
    supports_reinforce: flag,
    supports_score_centering: flag,
    supports_policy_importance_sampling: flag,
    supports_policy_diagnostics: flag,
    supports_router_replay: flag,
  })
  .transform((reply) => ({
    modelId: reply.model_id,
    pushesWeights: reply.rdma_weight_sync_enabled === true,
    capabilities: known({
      targetLogprobSupport: reply.supports_target_logprob_support,
      reinforce: reply.supports_reinforce,
      scoreCentering: reply.supports_score_centering,
      policyImportanceSampling: reply.supports_policy_importance_sampling,
      policyDiagnostics: reply.supports_policy_diagnostics,
      routerReplay: reply.supports_router_replay,
    }),
  }));

function known(flags: Readonly<Record<keyof Capabilities, boolean | undefined>>): Capabilities {
  return Object.fromEntries(Object.entries(flags).filter(([, value]) => value !== undefined));
}

export const ModelUnloaded = z
  .object({ model_id: z.string().optional() })
  .transform((reply) => ({ modelId: reply.model_id ?? '' }));

export const ModelInfoReply = z
  .object({
    model_id: z.string().min(1),
    model_name: text,
    is_lora: z.boolean().nullish(),
    lora_rank: z.number().nullish(),
    model_data: z.object({ arch: text, model_name: text, tokenizer_id: text }).nullish(),
  })
  .transform((reply): ModelInfo => {
    const baseModel = reply.model_name ?? reply.model_data?.model_name;
    const architecture = reply.model_data?.arch;
    const tokenizer = reply.model_data?.tokenizer_id;
    return {
      modelId: reply.model_id,
      isLora: reply.is_lora === true,
      loraRank: reply.lora_rank ?? 0,
      ...(baseModel && { baseModel }),
      ...(architecture && { architecture }),
      ...(tokenizer && { tokenizer }),
    };
  });

export const ServerCapabilities = z.object({
  supported_models: z
    .array(z.object({ model_name: z.string(), max_context_length: z.number().nullish() }))
    .default([])
    .transform((models) =>
      models.map(({ model_name: name, max_context_length: tokens }): ServedModel => ({
        name,
        ...(typeof tokens === 'number' && { maxContextTokens: tokens }),
      })),
    ),
});

export const CheckpointNames = z.object({ checkpoints: z.array(z.string()).default([]) });

export const Metrics = z
  .object({ metrics: Numbers.nullish() })
  .transform((reply) => ({ metrics: reply.metrics ?? {} }));

export const Path = z.object({ path: z.string().min(1) });
