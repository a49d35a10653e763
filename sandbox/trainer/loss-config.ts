/** `loss_fn_config`: which keys each loss knows; what is unknown or not supported is refused by name. */
import { z } from 'zod';
import { ApiError } from '../errors.ts';
import { parse } from '../validate.ts';
import type { LossConfig } from './messages.ts';
import type { LossName } from './loss-names.ts';

const Ratio = z.number().min(0);
const cap = { ratio_log_cap: z.number().positive().optional() };
const Clips = { clip_low_threshold: Ratio.optional(), clip_high_threshold: Ratio.optional() };

/** Keys of every loss that stand for what this trainer does anyway. */
const Common = {
  target_logprob_support: z.literal('full_vocabulary', 'only full_vocabulary is supported here').optional(),
  report_policy_diagnostics: z.literal(false, 'policy diagnostics are not supported here').optional(),
};
const score = { score_centering: z.literal(false, 'score centering is not supported here').optional() };

const CONFIGS: Readonly<Record<LossName, z.ZodType<Record<string, unknown>>>> = {
  cross_entropy: z.strictObject({ ...Common, top_k: z.int().min(1).max(1000).optional() }),
  importance_sampling: z.strictObject({ ...Common, ...cap }),
  ppo: z.strictObject({ ...Common, ...Clips, ...cap }),
  dapo: z.strictObject({ ...Common, ...Clips, ...cap, eps_clip_c: z.number().gt(1).optional() }),
  gspo: z.strictObject({ ...Common, ...Clips, seq_ratio_log_cap: z.number().positive().optional() }),
  cispo: z.strictObject({ ...Common, ...Clips, ...cap }),
  dro: z.strictObject({ ...Common, beta: z.number().min(0).optional() }),
  dppo: z.strictObject({ ...Common, ...cap, delta_low: Ratio.optional(), delta_high: Ratio.optional() }),
  reinforce: z.strictObject({ ...Common, ...score }),
};

const UNSUPPORTED = ['output', 'pooling', 'weighting', 'anchor_logprob_source', 'num_queries', 'temperature'];

const NAMES = {
  clip_low_threshold: 'clipLow',
  clip_high_threshold: 'clipHigh',
  beta: 'beta',
  delta_low: 'deltaLow',
  delta_high: 'deltaHigh',
  ratio_log_cap: 'ratioLogCap',
  seq_ratio_log_cap: 'sequenceLogCap',
  eps_clip_c: 'dualClip',
  top_k: 'topK',
} as const;

export function lossConfig(
  op: 'forward' | 'forward_backward',
  loss: LossName,
  raw: Record<string, unknown> = {},
): LossConfig {
  const present = Object.fromEntries(Object.entries(raw).filter(([, value]) => value !== null && value !== undefined));
  const unsupported = UNSUPPORTED.find((key) => Object.hasOwn(present, key));
  if (unsupported !== undefined) throw refused(`loss_fn_config.${unsupported} is not supported here`);
  const config = parse(CONFIGS[loss], present, 422);
  if (config['top_k'] !== undefined && op !== 'forward') throw refused('loss_fn_config.top_k is for forward only');
  const entries = Object.entries(NAMES).flatMap(([key, name]) => {
    const value = config[key];
    return typeof value === 'number' ? [[name, value] as const] : [];
  });
  const known: LossConfig = Object.fromEntries(entries);
  if (known.clipLow !== undefined && known.clipHigh !== undefined && known.clipLow > known.clipHigh) {
    throw refused('loss_fn_config.clip_low_threshold must not exceed clip_high_threshold: both are ratios');
  }
  return known;
}

function refused(message: string): ApiError {
  return new ApiError('INVALID_ARGUMENT', message, 422);
}
