/** Which log-probability belongs to which token. Pure. */
import type { Alternative, CompletionText, FinishReason } from './completion-stream.ts';

/** How a completion was asked for, as far as it decides what its rows mean. */
export interface Asked {
  readonly promptTokens: readonly number[];
  /** The whole prompt is repeated before the completion. */
  readonly echo: boolean;
  /** Temperature 1, the full vocabulary: sampling then is the model's own distribution. */
  readonly unfiltered: boolean;
}

/** One completion. */
export interface SampledSequence {
  /** Of the completion alone. Train on these, never on the text tokenized again. */
  readonly tokens: readonly number[];
  readonly text: string;
  readonly finishReason: FinishReason;
  /** log p of each token under the model (temperature 1, full vocabulary), in nats. */
  readonly logprobs: readonly number[];
  /**
   * log p under the distribution that was sampled from: what importance ratios divide by. Absent where the server does
   * not tell and it is not the model's own: do not train on such a sample.
   */
  readonly samplingLogprobs?: readonly number[];
  /**
   * Only with `echo`: log p of targets 1, 2, … of prompt and completion, as long as the inputs of a training datum of
   * both. The completion's first token stands at `promptTokens.length − 1`.
   */
  readonly targetLogprobs?: readonly number[];
  /** Only with `topLogprobs`: the likeliest tokens in the place of each token, likeliest first. */
  readonly topLogprobs?: readonly (readonly Alternative[])[];
  /** Only with `topLogprobs` and `echo`: the same for each of `targetLogprobs`. */
  readonly targetTopLogprobs?: readonly (readonly Alternative[])[];
  /** The prompt as the server expanded it, e.g. for images. */
  readonly promptTokens: readonly number[];
  readonly servedIdentity?: string;
  readonly queueSeconds?: number;
}

/** The sequence, or why the completion is not what the protocol promises. */
export function align(
  completion: CompletionText,
  asked: Asked,
): { readonly sequence: SampledSequence } | { readonly why: string } {
  const { tokens, rows, text, finishReason, servedIdentity, queueSeconds } = completion;
  if (tokens === undefined) return { why: 'raw_output.completion_token_ids is missing' };
  const promptTokens = completion.promptTokens ?? asked.promptTokens;
  const echoed = asked.echo ? promptTokens.length : 0;
  if (asked.echo && promptTokens.some((token, index) => tokens[index] !== token)) {
    return { why: 'the echoed tokens do not begin with the prompt' };
  }
  const own = rows.slice(echoed);
  const logprobs = known(own.map(({ logprob }) => logprob));
  const generated = tokens.slice(echoed);
  if (rows.length !== tokens.length || logprobs.length !== generated.length) {
    return { why: `${logprobs.length} log-probabilities for ${generated.length} tokens` };
  }
  // The first token of all is conditioned on nothing: it is no target.
  const targetLogprobs = known(rows.slice(1).map(({ logprob }) => logprob));
  if (asked.echo && targetLogprobs.length < rows.length - 1) return { why: 'an echoed token has no log-probability' };
  const optional = {
    samplingLogprobs: behaviour(own, logprobs, asked),
    topLogprobs: alternatives(own),
    servedIdentity,
    queueSeconds,
  };
  const sequence = { tokens: generated, text, finishReason, logprobs, promptTokens, ...present(optional) };
  if (!asked.echo) return { sequence };
  return { sequence: { ...sequence, targetLogprobs, ...present({ targetTopLogprobs: alternatives(rows.slice(1)) }) } };
}

/** Absent where none are told. */
function alternatives(rows: CompletionText['rows']): SampledSequence['topLogprobs'] {
  return rows.some(({ top }) => top.length > 0) ? rows.map(({ top }) => top) : undefined;
}

function known(values: readonly (number | undefined)[]): number[] {
  return values.filter((value) => value !== undefined);
}

function present<T extends object>(fields: T): { [K in keyof T]?: Exclude<T[K], undefined> } {
  const entries = Object.entries(fields).filter(([, value]) => value !== undefined);
  return Object.fromEntries(entries) as { [K in keyof T]?: Exclude<T[K], undefined> };
}

function behaviour(
  rows: CompletionText['rows'],
  logprobs: readonly number[],
  { unfiltered }: Asked,
): readonly number[] | undefined {
  const told = known(rows.map(({ samplingLogprob }) => samplingLogprob));
  if (told.length === rows.length) return told;
  return told.length === 0 && unfiltered ? logprobs : undefined;
}
