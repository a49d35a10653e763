/** A completion as it is told: text, tokens and log-probabilities gathered from a replica's records. */
import type { GenerateResult, TokenRecord } from './messages.ts';
import { TextSoFar } from './text.ts';

export interface CompletionOptions {
  readonly id: string;
  /** The deployment's resource name; answers add `@identity`. */
  readonly model: string;
  readonly prompt: readonly number[];
  readonly vocabulary: readonly string[];
  readonly stop: readonly string[];
  readonly logprobs: boolean;
  readonly rawOutput: boolean;
  readonly perfMetrics: boolean;
}

interface Piece {
  readonly text: string;
  readonly content: object[];
}

export class Completion {
  readonly #options: CompletionOptions;
  readonly #created = Math.floor(Date.now() / 1000);
  readonly #text: TextSoFar;
  readonly #tokens: number[] = [];
  #shown = '';
  #sampled = 0;

  constructor(options: CompletionOptions) {
    this.#options = options;
    this.#text = new TextSoFar(options.vocabulary);
  }

  add(records: readonly TokenRecord[]): Piece {
    const before = this.#shown;
    const content: object[] = [];
    for (const record of records) {
      const offset = this.#shown.length;
      this.#tokens.push(record.token);
      if (record.samplingLogprob !== undefined) this.#sampled += 1;
      this.#text.add(record.token);
      this.#shown = this.#cut(this.#text.shown);
      content.push(this.#logprob(record, offset));
    }
    return { text: this.#shown.slice(before.length), content };
  }

  chunk(piece: Piece, identity: string | undefined): object {
    return {
      ...this.#head(identity),
      choices: [{ index: 0, text: piece.text, finish_reason: null, ...this.#logprobs(piece.content) }],
    };
  }

  lastChunk(result: GenerateResult): object {
    return {
      ...this.#head(result.identity),
      choices: [{ index: 0, text: '', ...this.#ending(result) }],
      ...this.#totals(result),
    };
  }

  whole(content: object[], result: GenerateResult): object {
    const choice = { index: 0, text: this.#shown, ...this.#logprobs(content), ...this.#ending(result) };
    return { ...this.#head(result.identity), choices: [choice], ...this.#totals(result) };
  }

  #head(identity: string | undefined): object {
    const { id, model } = this.#options;
    const served = identity === undefined ? model : `${model}@${identity}`;
    return { id, object: 'text_completion', created: this.#created, model: served };
  }

  #ending({ finishReason }: GenerateResult): object {
    const { rawOutput, prompt, vocabulary } = this.#options;
    const raw = {
      prompt_token_ids: prompt,
      completion_token_ids: this.#tokens,
      prompt_fragments: [],
      completion: this.#tokens.map((token) => vocabulary[token] ?? '').join(' '),
    };
    return { finish_reason: finishReason, ...(rawOutput && { raw_output: raw }) };
  }

  #totals(result: GenerateResult): object {
    const prompt = this.#options.prompt.length;
    const usage = { prompt_tokens: prompt, completion_tokens: this.#sampled, total_tokens: prompt + this.#sampled };
    const seconds = (milliseconds: number): string => (milliseconds / 1000).toFixed(6);
    const perf = {
      'num-concurrent-requests': String(result.concurrent),
      'prefill-queue-duration': seconds(result.queuedMs),
      'generation-queue-duration': '0',
      'cached-prompt-tokens': '0',
      'prompt-tokens': String(prompt),
      'server-time-to-first-token': seconds(result.firstTokenMs),
      'server-processing-time': seconds(result.totalMs),
    };
    return { usage, ...(this.#options.perfMetrics && { perf_metrics: perf }) };
  }

  #logprobs(content: object[]): object {
    return this.#options.logprobs ? { logprobs: { content } } : {};
  }

  #logprob({ token, logprob, samplingLogprob, top }: TokenRecord, offset: number): object {
    const text = (id: number): string => this.#options.vocabulary[id] ?? '';
    return {
      token: text(token),
      token_id: token,
      logprob,
      sampling_logprob: samplingLogprob ?? null,
      text_offset: offset,
      bytes: [...Buffer.from(text(token))],
      top_logprobs: top.map((entry) => ({ token: text(entry.token), token_id: entry.token, logprob: entry.logprob })),
    };
  }

  /** A stop string is not part of the answer. */
  #cut(text: string): string {
    const places = this.#options.stop.map((stop) => text.indexOf(stop)).filter((place) => place >= 0);
    return places.length === 0 ? text : text.slice(0, Math.min(...places)).trimEnd();
  }
}
