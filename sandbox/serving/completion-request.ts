/** A completion request as it arrives, and what a replica makes of it. */
import { randomBytes } from 'node:crypto';
import { z } from 'zod';
import type { BaseModel } from '../catalog.ts';
import { invalid } from '../errors.ts';
import type { SamplingParams } from './messages.ts';

const UNKNOWN_TOKEN = '<unk>';
const MAX_ANSWERS = 16;

const unsupported = (what: string): z.ZodType => z.union([z.undefined(), z.null()], `${what} are not supported here`);

export const CompletionRequest = z.object({
  model: z.string().min(1),
  prompt: z.union([z.array(z.int().min(0)).min(1), z.string().min(1)]),
  n: z.int().min(1).max(MAX_ANSWERS).nullish(),
  max_tokens: z.int().min(1).nullish(),
  temperature: z.number().min(0).max(100).nullish(),
  top_p: z.number().gt(0).max(1).nullish(),
  top_k: z.int().min(0).nullish(),
  seed: z.int().nullish(),
  stop: z.union([z.string().min(1), z.array(z.string().min(1)).max(16)]).nullish(),
  stream: z.boolean().nullish(),
  logprobs: z.union([z.boolean(), z.int().min(0).max(20)]).nullish(),
  top_logprobs: z.int().min(0).max(20).nullish(),
  echo: z.boolean().nullish(),
  echo_last: z.int().min(0).nullish(),
  raw_output: z.boolean().nullish(),
  perf_metrics_in_response: z.boolean().nullish(),
  prompt_cache_key: z.string().max(256).nullish(),
  ignore_eos: z.boolean().nullish(),
  context_length_exceeded_behavior: z.enum(['truncate', 'error']).nullish(),
  user: z.string().nullish(),
  images: unsupported('images').optional(),
  include_routing_matrix: z.literal(false, 'router replay (R3) is not supported here').nullish(),
  routing_matrix_format: unsupported('routing matrices').optional(),
  sampling_mask: unsupported('sampling masks').optional(),
  logit_bias: unsupported('logit biases').optional(),
  response_format: unsupported('response formats').optional(),
  min_p: z.literal(0, 'min_p is not supported here').nullish(),
});
export type CompletionRequest = z.output<typeof CompletionRequest>;

/** The prompt's tokens, all of them in the vocabulary, with room for an answer. */
export function promptOf(
  { prompt }: CompletionRequest,
  { config }: BaseModel,
  vocabulary: readonly string[],
): readonly number[] {
  const tokens = typeof prompt === 'string' ? encode(prompt, vocabulary) : prompt;
  const foreign = tokens.find((token) => token >= config.vocab);
  if (foreign !== undefined) throw invalid(`token id ${foreign} is not in the vocabulary of ${config.vocab}`);
  if (tokens.length >= config.context) {
    throw invalid(`the prompt of ${tokens.length} tokens does not fit the context of ${config.context}`);
  }
  return tokens;
}

/** How each of the `n` answers is drawn: they differ in their streams of random numbers. */
export function samplingParams(body: CompletionRequest, promptLength: number): SamplingParams[] {
  const seed = body.seed === undefined || body.seed === null ? randomBytes(16).toString('hex') : `seed ${body.seed}`;
  const echoed = body.echo === true ? promptLength : Math.min(body.echo_last ?? 0, promptLength);
  return Array.from({ length: body.n ?? 1 }, (_, index) => ({
    maxTokens: body.max_tokens ?? 16,
    temperature: body.temperature ?? 1,
    topP: body.top_p ?? 1,
    topK: body.top_k ?? 0,
    seed: index === 0 ? seed : `${seed}/${index}`,
    stop: stopsOf(body),
    topLogprobs: body.top_logprobs ?? (typeof body.logprobs === 'number' ? body.logprobs : 0),
    ignoreEos: body.ignore_eos === true,
    echoed,
    ...(typeof body.prompt_cache_key === 'string' && { cacheKey: body.prompt_cache_key }),
  }));
}

export function stopsOf({ stop }: CompletionRequest): readonly string[] {
  return stop === undefined || stop === null ? [] : [stop].flat();
}

function encode(text: string, vocabulary: readonly string[]): number[] {
  const words = text.split(/\s+/).filter((word) => word !== '');
  if (words.length === 0) throw invalid('the prompt is empty');
  return words.map((word) => Math.max(vocabulary.indexOf(word), 0) || vocabulary.indexOf(UNKNOWN_TOKEN));
}
