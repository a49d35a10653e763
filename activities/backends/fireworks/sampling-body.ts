/** The body of a completion request: a pure function of what is asked for. */
import { BackendError } from '../../../domain/words/failures-of-calls.ts';

export interface SamplingParameters {
  /** Token ids of the prompt: the platform does not tokenize, so that training sees the same ids. */
  readonly promptTokens: readonly number[];
  readonly maxTokens: number;
  /** Default: 1. */
  readonly temperature?: number;
  /** Default: 1, all of the distribution. */
  readonly topP?: number;
  /** Default: 0, all of the vocabulary. */
  readonly topK?: number;
  readonly minP?: number;
  readonly seed?: number;
  /** Strings; token ids are not accepted by the platform. */
  readonly stop?: readonly string[];
  /** Repeats the prompt before the completion, with its log-probabilities. */
  readonly echo?: boolean;
  /** Alternatives to report per token. */
  readonly topLogprobs?: number;
  /** Requests of one trajectory share a key, and so its prompt cache. */
  readonly promptCacheKey?: string;
  /** Base64 data URLs; the prompt holds one image token for each. */
  readonly images?: readonly string[];
}

export function samplingBody(parameters: SamplingParameters): object {
  const { promptTokens, maxTokens, images } = parameters;
  if (promptTokens.length === 0 || !promptTokens.every((token) => Number.isSafeInteger(token) && token >= 0)) {
    throw new BackendError('InvalidRequest', 'a prompt is one or more token ids');
  }
  return {
    prompt: promptTokens,
    n: 1,
    max_tokens: maxTokens,
    temperature: parameters.temperature ?? 1,
    // Without these two the server applies the model's own defaults, and samples from another distribution.
    top_p: parameters.topP ?? 1,
    top_k: parameters.topK ?? 0,
    min_p: parameters.minP,
    stream: true,
    raw_output: true,
    perf_metrics_in_response: true,
    logprobs: true,
    top_logprobs: parameters.topLogprobs,
    stop: parameters.stop,
    seed: parameters.seed,
    echo: parameters.echo === true ? true : undefined,
    prompt_cache_key: parameters.promptCacheKey,
    ...(images === undefined ? {} : { images, return_token_ids: true }),
  };
}
