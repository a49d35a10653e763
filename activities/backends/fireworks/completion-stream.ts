/** A streamed completion, put together again from its events. */
import { createParser } from 'eventsource-parser';
import { z } from 'zod';
import type { Sample } from '../../ports.ts';
import { firstIssue, tryJson } from './json.ts';

const Choice = z
  .object({
    text: z.string().nullish(),
    finish_reason: z.string().nullish(),
    logprobs: z.object({ content: z.array(z.object({ logprob: z.number().nullish() })).nullish() }).nullish(),
    raw_output: z.object({ completion_token_ids: z.array(z.number().int()).nullish() }).nullish(),
  })
  .transform((choice) => ({
    text: choice.text ?? '',
    logprobs: choice.logprobs?.content?.map((entry) => entry.logprob ?? undefined) ?? [],
    tokens: choice.raw_output?.completion_token_ids ?? undefined,
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
});

const StreamError = z.object({
  error: z.object({
    message: z.string().nullish(),
    status: z.unknown().optional(),
    status_code: z.unknown().optional(),
  }),
});

export type Completion =
  | { readonly kind: 'complete'; readonly sample: Omit<Sample, 'latencyMs'> }
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
  const logprobs: (number | undefined)[] = [];
  let tokens: readonly number[] | undefined;
  let finishReason: string | undefined;
  let servedIdentity: string | undefined;
  let bad: Exclude<Completion, { kind: 'complete' }> | undefined;

  function take(data: string): void {
    const parsed = Chunk.safeParse(tryJson(data));
    if (!parsed.success) {
      bad ??= { kind: 'unusable', why: `an event of the stream: ${firstIssue(parsed.error)}` };
      return;
    }
    const { model: identity, error, choices } = parsed.data;
    if (error !== undefined && error !== null) {
      bad ??= streamFailure(data);
      return;
    }
    servedIdentity = identity ?? servedIdentity;
    for (const choice of choices ?? []) {
      texts.push(choice.text);
      logprobs.push(...choice.logprobs);
      tokens = choice.tokens ?? tokens;
      finishReason = choice.finishReason ?? finishReason;
    }
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
      if (tokens === undefined) return { kind: 'unusable', why: 'raw_output.completion_token_ids is missing' };
      const known = logprobs.filter((value) => value !== undefined);
      if (known.length !== tokens.length || logprobs.length !== tokens.length) {
        return { kind: 'unusable', why: `${known.length} log-probabilities for ${tokens.length} tokens` };
      }
      const sample = { tokens, text: texts.join(''), finishReason, logprobs: known };
      return { kind: 'complete', sample: servedIdentity === undefined ? sample : { ...sample, servedIdentity } };
    },
  };
}

function isFinishReason(value: string): value is Sample['finishReason'] {
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
