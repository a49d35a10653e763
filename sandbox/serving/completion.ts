/** One answer of a completion as it is told: text, tokens and log-probabilities gathered from a replica's records. */
import type { GenerateResult, TokenRecord } from './messages.ts';
import { TextSoFar } from './text.ts';

export interface CompletionOptions {
  /** Which of the answers to one prompt it is. */
  readonly index: number;
  readonly prompt: readonly number[];
  readonly vocabulary: readonly string[];
  readonly stop: readonly string[];
  readonly logprobs: boolean;
  readonly rawOutput: boolean;
}

export class Completion {
  readonly #options: CompletionOptions;
  readonly #text: TextSoFar;
  readonly #tokens: number[] = [];
  readonly #content: object[] = [];
  #shown = '';
  /** How much of the text and of the log-probabilities was told. */
  #told = { text: 0, content: 0 };
  #sampled = 0;

  constructor(options: CompletionOptions) {
    this.#options = options;
    this.#text = new TextSoFar(options.vocabulary);
  }

  /** Tokens that were drawn so far. */
  get sampled(): number {
    return this.#sampled;
  }

  add(records: readonly TokenRecord[]): void {
    for (const record of records) {
      const offset = this.#shown.length;
      this.#tokens.push(record.token);
      if (record.samplingLogprob !== undefined) this.#sampled += 1;
      this.#text.add(record.token);
      this.#shown = this.#cut(this.#text.shown);
      this.#content.push(this.#logprob(record, offset));
    }
  }

  /** What is new since the last time, but for text that may turn out to begin a stop string. */
  nextChoice(): object {
    return { index: this.#options.index, ...this.#news(this.#shown.length - this.#heldBack()), finish_reason: null };
  }

  lastChoice(result: GenerateResult): object {
    return { index: this.#options.index, ...this.#news(this.#shown.length), ...this.#ending(result) };
  }

  wholeChoice(result: GenerateResult): object {
    this.#told = { text: 0, content: 0 };
    return this.lastChoice(result);
  }

  #news(end: number): object {
    const text = this.#shown.slice(this.#told.text, end);
    const content = this.#content.slice(this.#told.content);
    this.#told = { text: Math.max(end, this.#told.text), content: this.#content.length };
    return { text, ...(this.#options.logprobs && { logprobs: { content } }) };
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

  /** Length of the longest end of the text that is the beginning of a stop string. */
  #heldBack(): number {
    const lengths = this.#options.stop.map((stop) => {
      for (let length = Math.min(stop.length - 1, this.#shown.length); length > 0; length--) {
        if (this.#shown.endsWith(stop.slice(0, length))) return length;
      }
      return 0;
    });
    return Math.max(0, ...lengths);
  }
}

/** What all answers to one prompt have in common. */
export class Envelope {
  readonly #id: string;
  readonly #model: string;
  readonly #created = Math.floor(Date.now() / 1000);

  /** `model`: the deployment's resource name; answers add `@identity`. */
  constructor(id: string, model: string) {
    this.#id = id;
    this.#model = model;
  }

  around(choices: readonly object[], identity: string | undefined): object {
    const model = identity === undefined ? this.#model : `${this.#model}@${identity}`;
    return { id: this.#id, object: 'text_completion', created: this.#created, model, choices };
  }
}

/** Usage and timing, when all answers are there. */
export function totals(prompt: number, sampled: number, result: GenerateResult, perfMetrics: boolean): object {
  const usage = { prompt_tokens: prompt, completion_tokens: sampled, total_tokens: prompt + sampled };
  const seconds = (milliseconds: number): string => (milliseconds / 1000).toFixed(6);
  const perf = {
    'num-concurrent-requests': String(result.concurrent),
    'prefill-queue-duration': seconds(result.queuedMs),
    'generation-queue-duration': '0',
    'cached-prompt-tokens': String(result.cachedTokens),
    'prompt-tokens': String(prompt),
    'server-time-to-first-token': seconds(result.firstTokenMs),
    'server-processing-time': seconds(result.totalMs),
  };
  return { usage, ...(perfMetrics && { perf_metrics: perf }) };
}
