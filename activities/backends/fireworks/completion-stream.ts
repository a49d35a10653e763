/** A streamed completion, put together again from its events. */
import { createParser } from 'eventsource-parser';
import { z } from 'zod';
import { firstIssue, tryJson } from './json.ts';

const TokenRow = z
  .object({
    logprob: z.number().nullish(),
    sampling_logprob: z.number().nullish(),
    top_logprobs: z
      .array(
        z.object({ token_id: z.number().int().nullish(), token: z.string().nullish(), logprob: z.number().nullish() }),
      )
      .nullish(),
  })
  .transform((entry): CompletionRow => ({
    logprob: entry.logprob ?? undefined,
    samplingLogprob: entry.sampling_logprob ?? undefined,
    top: (entry.top_logprobs ?? []).map(({ token_id: token, token: text, logprob }) => ({
      ...(typeof token === 'number' && { token }),
      text: text ?? '',
      logprob: logprob ?? Number.NEGATIVE_INFINITY,
    })),
  }));

const Choice = z
  .object({
    text: z.string().nullish(),
    finish_reason: z.string().nullish(),
    logprobs: z
      .object({
        content: z.array(TokenRow).nullish(),
      })
      .nullish(),
    raw_output: z
      .object({
        completion_token_ids: z.array(z.number().int()).nullish(),
        prompt_token_ids: z.array(z.number().int()).nullish(),
      })
      .nullish(),
  })
  .transform((choice) => ({
    text: choice.text ?? '',
    rows: choice.logprobs?.content ?? [],
    ...(choice.raw_output?.completion_token_ids && { tokens: choice.raw_output.completion_token_ids }),
    ...(choice.raw_output?.prompt_token_ids && { promptTokens: choice.raw_output.prompt_token_ids }),
    finishReason: choice.finish_reason ?? undefined,
  }));

const Chunk = z.object({
  /** What stands behind the last `@` of the model names the snapshot that produced this chunk. */
  model: z
    .string()
    .nullish()
    .transform((model) => /@([^@]+)$/.exec(model ?? '')?.[1]),
  error: z.unknown().optional(),
  choices: z.array(Choice).nullish(),
  perf_metrics: z.record(z.string(), z.unknown()).nullish(),
});

const StreamError = z.object({
  error: z.object({
    message: z.string().nullish(),
    status: z.unknown().optional(),
    status_code: z.unknown().optional(),
  }),
});

export type FinishReason = 'stop' | 'length' | 'tool_calls';

/** A token that might have stood at a place, and its log p under the model, in nats. */
export interface Alternative {
  /** Absent where the server tells its text only. */
  readonly token?: number;
  readonly text: string;
  readonly logprob: number;
}

/** What is told of one token. */
interface CompletionRow {
  /** Under the model. */
  readonly logprob: number | undefined;
  /** Under the distribution that was sampled from. */
  readonly samplingLogprob: number | undefined;
  /** Likeliest first; empty unless asked for. */
  readonly top: readonly Alternative[];
}

/** A completion as it came: with an echoed prompt, `tokens` and `rows` begin with it. */
export interface CompletionText {
  readonly text: string;
  readonly finishReason: FinishReason;
  /** Absent: the server sent none. */
  readonly tokens?: readonly number[];
  /** The prompt as the server saw it, where it says so. */
  readonly promptTokens?: readonly number[];
  readonly rows: readonly CompletionRow[];
  /** Identity of the snapshot that produced it, where the stream names one. */
  readonly servedIdentity?: string;
  /** How long the prompt waited for its prefill. */
  readonly queueSeconds?: number;
}

export type Completion =
  | { readonly kind: 'complete'; readonly completion: CompletionText }
  /** The stream ended before its reason to finish. */
  | { readonly kind: 'cut' }
  /** The server said that generation failed. */
  | { readonly kind: 'failed'; readonly message: string; readonly status?: number }
  /** Complete, but not what the protocol promises. */
  | { readonly kind: 'unusable'; readonly why: string };

export interface CompletionStream {
  feed(bytes: Uint8Array): void;
  /** Call once, when there are no more bytes. */
  end(): Completion;
}

export function createCompletionStream(): CompletionStream {
  const decoder = new TextDecoder();
  const texts: string[] = [];
  const rows: CompletionText['rows'][number][] = [];
  let found: Partial<Omit<CompletionText, 'finishReason'>> = {};
  let finishReason: string | undefined;
  let bad: Exclude<Completion, { kind: 'complete' }> | undefined;

  function take(data: string): void {
    const parsed = Chunk.safeParse(tryJson(data));
    if (!parsed.success) {
      bad ??= { kind: 'unusable', why: `an event of the stream: ${firstIssue(parsed.error)}` };
      return;
    }
    const { model: identity, error, choices, perf_metrics: perf } = parsed.data;
    if (error !== undefined && error !== null) {
      bad ??= streamFailure(data);
      return;
    }
    const queueSeconds = Number(perf?.['prefill-queue-duration'] ?? Number.NaN);
    found = {
      ...found,
      ...(identity === undefined ? {} : { servedIdentity: identity }),
      ...(Number.isFinite(queueSeconds) ? { queueSeconds } : {}),
    };
    for (const choice of choices ?? []) takeChoice(choice);
  }

  function takeChoice({ text, rows: more, finishReason: reason, ...ids }: z.output<typeof Choice>): void {
    texts.push(text);
    for (const row of more) rows.push(row);
    finishReason = reason ?? finishReason;
    found = { ...found, ...ids };
  }

  const parser = createParser({
    onEvent({ event, data }) {
      if (event === 'error') bad ??= streamFailure(data);
      // Anything that is not an object is a ping, a heartbeat or the final [DONE].
      else if (data.startsWith('{') && (event === undefined || event === 'message')) take(data);
    },
  });

  return {
    feed: (bytes) => parser.feed(decoder.decode(bytes, { stream: true })),
    end() {
      if (bad !== undefined) return bad;
      if (finishReason === undefined) return { kind: 'cut' };
      if (!isFinishReason(finishReason)) {
        return { kind: 'failed', message: `generation ended with finish_reason ${finishReason}` };
      }
      return { kind: 'complete', completion: { ...found, text: texts.join(''), finishReason, rows } };
    },
  };
}

function isFinishReason(value: string): value is FinishReason {
  return value === 'stop' || value === 'length' || value === 'tool_calls';
}

function streamFailure(data: string): Exclude<Completion, { kind: 'complete' }> {
  const parsed = StreamError.safeParse(tryJson(data));
  if (!parsed.success) return { kind: 'failed', message: data };
  const { message, status, status_code: code } = parsed.data.error;
  const number = [status, code].map(Number).find((value) => Number.isInteger(value) && value >= 400 && value <= 599);
  const failure = { kind: 'failed', message: message ?? 'the stream ended with an error' } as const;
  return number === undefined ? failure : { ...failure, status: number };
}
