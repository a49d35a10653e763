/** A completion request as it arrives, and what a replica makes of it. */
import { randomBytes } from 'node:crypto';
import { z } from 'zod';
import type { BaseModel } from '../catalog.ts';
import { invalid } from '../errors.ts';
import type { SamplingParams } from './messages.ts';

const UNKNOWN_TOKEN = '<unk>';
const MAX_ANSWERS = 16;

/** The platform's own words: its SDK looks for them, and does without the field. */
const EXTRA = 'Extra inputs are not permitted, field:';

/** What would change which tokens are drawn, or how they are told, and is not done here: only its absence is taken. */
const only = (neutral: string | number | boolean, what: string): z.ZodType =>
  z.literal(neutral, `${EXTRA} '${what}' (not supported here: only ${neutral})`).nullish();
const unsupported = (what: string): z.ZodType =>
  z.union([z.undefined(), z.null()], `${EXTRA} '${what}' (not supported here)`).optional();

/** Taken, and of no consequence: which tokens are drawn and what is told of them do not depend on it. */
const anything = z.unknown().optional();

/** Ignored, a field would seem to have been honoured: one that nobody knows is refused as the platform refuses it. */
const unknownField: z.core.$ZodErrorMap = (issue) =>
  issue.code === 'unrecognized_keys' ? `${EXTRA} '${issue.keys.join("', '").slice(0, 200)}'` : undefined;

export const CompletionRequest = z.strictObject(
  {
    model: z.string().min(1),
    prompt: z.union([z.array(z.int().min(0)).min(1), z.string().min(1)]),
    n: z.int().min(1).max(MAX_ANSWERS).nullish(),
    max_tokens: z.int().min(1).nullish(),
    max_completion_tokens: z.int().min(1).nullish(),
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
    user: anything,
    metadata: anything,
    service_tier: anything,
    prompt_cache_isolation_key: anything,
    /** Nothing is drafted: an answer is what it is without. */
    speculation: anything,
    prediction: anything,
    /** They are told with `raw_output` anyway. */
    return_token_ids: z.boolean().nullish(),
    stream_options: anything,
    images: unsupported('images'),
    include_routing_matrix: only(false, 'include_routing_matrix'),
    routing_matrix_format: unsupported('routing_matrix_format'),
    sampling_mask: unsupported('sampling_mask'),
    logit_bias: unsupported('logit_bias'),
    response_format: unsupported('response_format'),
    min_p: only(0, 'min_p'),
    typical_p: only(1, 'typical_p'),
    repetition_penalty: only(1, 'repetition_penalty'),
    frequency_penalty: only(0, 'frequency_penalty'),
    presence_penalty: only(0, 'presence_penalty'),
    mirostat_target: unsupported('mirostat_target'),
    mirostat_lr: unsupported('mirostat_lr'),
    thinking: unsupported('thinking'),
    reasoning_effort: unsupported('reasoning_effort'),
    reasoning_history: unsupported('reasoning_history'),
    best_of: only(1, 'best_of'),
    top_sampling_logprobs: only(0, 'top_sampling_logprobs'),
    top_sampling_format: unsupported('top_sampling_format'),
  },
  { error: unknownField },
);

export type CompletionRequest = z.output<typeof CompletionRequest>;

/** The prompt's tokens, all of them in the vocabulary, with room for an answer. */
export function promptOf(
  body: CompletionRequest,
  { config }: BaseModel,
  vocabulary: readonly string[],
): readonly number[] {
  const { prompt } = body;
  const tokens = typeof prompt === 'string' ? encode(prompt, vocabulary) : prompt;
  const foreign = tokens.find((token) => token >= config.vocab);
  if (foreign !== undefined) throw invalid(`token id ${foreign} is not in the vocabulary of ${config.vocab}`);
  checkContext(tokens.length, body, config.context);
  return tokens;
}

/** Prompt and answer fit the context together: by default the answer is cut to what is left, at least one token. */
function checkContext(prompt: number, body: CompletionRequest, context: number): void {
  if (prompt >= context) throw invalid(`the prompt of ${prompt} tokens does not fit the context of ${context}`);
  const asked = prompt + maxTokensOf(body);
  if (body.context_length_exceeded_behavior === 'error' && asked > context) {
    throw invalid(`the prompt of ${prompt} tokens and max_tokens make ${asked}: more than the context of ${context}`);
  }
}

function maxTokensOf(body: CompletionRequest): number {
  return body.max_tokens ?? body.max_completion_tokens ?? 16;
}

/** How each of the `n` answers is drawn: they differ in their streams of random numbers. */
export function samplingParams(body: CompletionRequest, promptLength: number): SamplingParams[] {
  const seed = body.seed === undefined || body.seed === null ? randomBytes(16).toString('hex') : `seed ${body.seed}`;
  // A number is the narrower word: "echo" alone is the whole prompt.
  const echoed = Math.min(body.echo_last ?? (body.echo === true ? promptLength : 0), promptLength);
  return Array.from({ length: body.n ?? 1 }, (_, index) => ({
    maxTokens: maxTokensOf(body),
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
