/** One completion in the making: its cache, its stream of random numbers, what it has said so far. */
import { END_TOKEN } from '../catalog.ts';
import { uniformOf, type Uniform } from '../model/random.ts';
import type { Cache, SamplerModel } from '../model/sampler-model.ts';
import { choose, mostLikely } from './distribution.ts';
import type { GenerateRequest, TokenRecord } from './messages.ts';
import type { PromptCache } from './prompt-cache.ts';
import { TextSoFar } from './text.ts';

export class Generation {
  readonly stream: number;
  finishReason: 'stop' | 'length' | undefined;
  readonly #request: GenerateRequest;
  readonly #prompts: PromptCache;
  #cache: Cache;
  readonly #uniform: Uniform;
  readonly #text: TextSoFar;
  #next: Float32Array | undefined;
  #produced = 0;
  cachedTokens = 0;

  constructor(request: GenerateRequest, model: SamplerModel, vocabulary: readonly string[], prompts: PromptCache) {
    this.stream = request.stream;
    this.#request = request;
    this.#prompts = prompts;
    this.#cache = model.newCache();
    this.#uniform = uniformOf(request.params.seed);
    this.#text = new TextSoFar(vocabulary);
  }

  /** Reads the prompt (the first time) and says one more token. `model` may change between calls: weights are hot. */
  advance(model: SamplerModel): TokenRecord[] {
    const records = this.#next === undefined ? this.#readPrompt(model) : [];
    const { params } = this.#request;
    if (this.#produced >= params.maxTokens) {
      this.finishReason = 'length';
      return records;
    }
    const logprobs = this.#next ?? new Float32Array();
    const { token, samplingLogprob } = choose(logprobs, params, this.#uniform);
    const top = mostLikely(logprobs, params.topLogprobs);
    records.push({ token, logprob: logprobs[token] ?? Number.NEGATIVE_INFINITY, samplingLogprob, top });
    this.#produced += 1;
    this.#text.add(token);
    this.#finishOrFeed(model, token);
    return records;
  }

  #finishOrFeed(model: SamplerModel, token: number): void {
    const { params } = this.#request;
    if ((token === END_TOKEN && !params.ignoreEos) || this.#text.endsAt(params.stop) !== undefined) {
      this.finishReason = 'stop';
    } else if (this.#produced >= params.maxTokens || this.#cache.length + 1 >= model.config.context) {
      // The token just said has its place in the context too, although nothing follows that would read it.
      this.finishReason = 'length';
    } else {
      this.#next = model.step(this.#cache, token);
    }
  }

  #readPrompt(model: SamplerModel): TokenRecord[] {
    const { prompt, params } = this.#request;
    const head = prompt.slice(0, -1);
    const known = params.echoed === 0 ? this.#prompts.find(head, params.cacheKey) : undefined;
    if (known !== undefined) {
      this.#cache = known;
      this.cachedTokens = head.length;
    }
    const records: TokenRecord[] = [];
    for (const [index, token] of prompt.entries()) {
      if (index < this.cachedTokens) continue;
      const before = this.#next;
      if (index >= prompt.length - params.echoed) records.push(echoed(token, before, params.topLogprobs));
      // The last token is always read: what follows it is what the weights of now say.
      if (index === head.length && known === undefined) this.#prompts.add(head, params.cacheKey, this.#cache);
      this.#next = model.step(this.#cache, token);
    }
    return records;
  }
}

function echoed(token: number, before: Float32Array | undefined, topLogprobs: number): TokenRecord {
  const logprob = before?.[token];
  // Nothing precedes the first token; clients drop its row, but they want a number in it.
  if (before === undefined || logprob === undefined) return { token, logprob: 0, top: [] };
  return { token, logprob, top: mostLikely(before, topLogprobs) };
}
