/**
 * Answers without what may be missing of them: by the vendor's notes, by what its SDK does without, and, in the control
 * plane, by protobuf's JSON, which leaves out whatever has its default.
 */
import type { Answer, Exchange } from '../../chaos/wire.ts';

type Json = Record<string, unknown>;

/** What must be there of the answer to each operation of a trainer; its future is known by its number alone. */
const OWED: Readonly<Record<string, readonly string[]>> = {
  create_session: ['session_id'],
  session_heartbeat: [],
  get_info: ['model_id'],
};

/** Of a result, which one poll cannot tell from another: by what is in it. */
function strippedResult(result: Json): Json {
  const { type, request_id: request, error, category, queue_state: queue } = result;
  if (type === 'try_again') return { type, request_id: request, queue_state: queue };
  if (error !== undefined) return { error, category };
  if ('loss_fn_outputs' in result) return strippedPass(result);
  const { model_id: model, path, adapter_path: adapter } = result;
  // Of a created model, only its id; of a save, its name; of an update, nothing.
  return {
    ...(model !== undefined && { model_id: model }),
    ...(path !== undefined && { path }),
    adapter_path: adapter,
  };
}

/** A pass owes log-probabilities or its loss, whichever it is asked for; the sandbox has left out the rest already. */
function strippedPass({ loss_fn_outputs: outputs, metrics }: Json): Json {
  const { 'loss:sum': loss } = (metrics ?? {}) as Json;
  return { loss_fn_outputs: outputs, ...(loss !== undefined && { metrics: { 'loss:sum': loss } }) };
}

/** Neither how long it took nor which snapshot answered nor what was drawn from: `sampling_logprob` is the model's own at 1. */
function strippedChunk({ choices, error }: Json): Json {
  const rows = Array.isArray(choices) ? (choices as Json[]) : undefined;
  return {
    ...(error !== undefined && { error }),
    choices: rows?.map(({ text, finish_reason: reason, logprobs, raw_output: raw }) => ({
      text,
      ...(reason !== null && { finish_reason: reason }),
      ...(raw !== undefined && { raw_output: { completion_token_ids: (raw as Json)['completion_token_ids'] } }),
      ...(logprobs !== undefined &&
        logprobs !== null && { logprobs: { content: bare((logprobs as Json)['content']) } }),
    })),
  };
}

function bare(content: unknown): unknown {
  return Array.isArray(content) ? (content as Json[]).map(({ logprob }) => ({ logprob })) : content;
}

/** As protobuf writes it: no zero, no empty text, no false. */
function withoutDefaults(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(withoutDefaults);
  if (typeof value !== 'object' || value === null) return value;
  const kept = Object.entries(value).filter(([, field]) => ![null, '', 0, false].includes(field as never));
  return Object.fromEntries(kept.map(([name, field]) => [name, withoutDefaults(field)]));
}

function strippedBody(path: string, body: Json): unknown {
  const [, operation] = /\/api\/v1\/([a-z_]+)$/.exec(path) ?? [];
  if (operation === 'retrieve_future') return strippedResult(body);
  if (operation !== undefined) {
    const owed = OWED[operation] ?? ['request_id', 'checkpoints'];
    return Object.fromEntries(Object.entries(body).filter(([name]) => owed.includes(name)));
  }
  return path.startsWith('/v1/') ? withoutDefaults(body) : body;
}

/** Refusals stay as they are: what is tried is what a success may lack. */
export function stripped({ path }: Pick<Exchange, 'path'>, answer: Answer): Answer {
  if (answer.status >= 300) return answer;
  const [plain = ''] = path.split('?');
  const text = answer.body.toString();
  if (plain === '/inference/v1/completions') {
    const lines = text.split('\n').map((line) => (line.startsWith('data: {') ? `data: ${chunk(line.slice(6))}` : line));
    return { ...answer, body: Buffer.from(lines.join('\n')) };
  }
  if (!text.startsWith('{')) return answer;
  return { ...answer, body: Buffer.from(JSON.stringify(strippedBody(plain, JSON.parse(text) as Json))) };
}

function chunk(text: string): string {
  return JSON.stringify(strippedChunk(JSON.parse(text) as Json));
}
