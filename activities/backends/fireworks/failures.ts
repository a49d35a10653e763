/** The one place where an answer, or the lack of one, becomes a `BackendError`. */
import { isNativeError } from 'node:util/types';
import { z } from 'zod';
import type { FailureType } from '../../../domain/words/run.ts';
import { BackendError } from '../../../domain/words/failures-of-calls.ts';
import { fromOutside } from '../../../domain/words/outside-text.ts';
import type { Redact } from '../../../domain/words/secrets.ts';
import { describeCall, type Call } from './call.ts';
import { tryJson } from './json.ts';

type Described = Pick<Call, 'method' | 'url' | 'service'>;

const REACH = 'Is it running? Check FIREWORKS_BASE_URL';
const KEY = 'set FIREWORKS_API_KEY to a key that is allowed to train';

/** An answer that is not a success. */
export function replyError(call: Described, status: number, body: string, redact: Redact): BackendError {
  const said = readBody(body, redact);
  const type = typeOf(call, status);
  const remedy = remedyOf(type, status);
  return new BackendError(
    type,
    `${describeCall(call)} answered ${status}${said.message === '' ? '' : `: ${said.message}`}${remedy}`,
    { status, detail: { endpoint: describeCall(call), ...said.detail } },
  );
}

/** No answer: refused, reset, timed out. The cause is reduced to its code and redacted message. */
export function noReplyError(call: Described, error: unknown, redact: Redact): BackendError {
  const reason = fromOutside(networkReason(error), redact);
  return new BackendError('Unavailable', `${describeCall(call)} failed: ${reason}. ${REACH}`, {
    detail: { endpoint: describeCall(call) },
    cause: new Error(reason),
  });
}

/** A failure that was reported inside a stream, after its 200. One that names no status is not worth repeating. */
export function streamError(
  call: Described,
  failure: { readonly message: string; readonly status?: number },
  redact: Redact,
): BackendError {
  const message = `failed in the stream: ${failure.message}`;
  if (failure.status !== undefined) {
    return replyError(call, failure.status, JSON.stringify({ message }), redact);
  }
  return new BackendError('Unavailable', `${describeCall(call)} ${fromOutside(message, redact)}`, {
    detail: { endpoint: describeCall(call) },
  });
}

/**
 * An answer that is a success but not what the protocol says: torn, a proxy's page, of another version. It is no answer,
 * so that nothing is concluded from it; the same request may get one.
 */
export class UnreadableAnswer extends BackendError {}

/** `where` names the field. */
export function protocolError(call: Described, where: string): UnreadableAnswer {
  return new UnreadableAnswer('Unavailable', `${describeCall(call)} gave an unexpected answer: ${where}`, {
    detail: { endpoint: describeCall(call) },
  });
}

function typeOf(call: Described, status: number): FailureType {
  if (status === 401 || status === 403) return 'Unauthorized';
  if (status === 408 || status === 425 || status === 429 || status >= 500) return 'Unavailable';
  // A trainer process knows its own sessions, models, numbers and results: if it does not, it is another process.
  if (call.service === 'trainer' && [404, 409, 410].includes(status)) return 'LostTrainer';
  return 'InvalidRequest';
}

function remedyOf(type: FailureType, status: number): string {
  if (type === 'Unauthorized') return `. Remedy: ${KEY}`;
  if (status === 402) return '. Remedy: settle the billing of the account';
  if (status >= 500) return `. ${REACH}`;
  if (status >= 300 && status < 400) return '. Check FIREWORKS_BASE_URL';
  return '';
}

function networkReason(error: unknown): string {
  if (!isNativeError(error)) return String(error);
  const code = 'code' in error && typeof error.code === 'string' ? error.code : '';
  // A refused `localhost` is an AggregateError with an empty message.
  if (error.message === '') return code === '' ? error.name : code;
  return error.message.includes(code) ? error.message : `${error.message} (${code})`;
}

const ErrorInfo = z.object({
  '@type': z.string().endsWith('google.rpc.ErrorInfo'),
  domain: z.literal('training.fireworks.ai'),
  reason: z.string(),
  metadata: z.looseObject({ version: z.literal('1'), source: z.enum(['lifecycle', 'managed']) }),
});

const Status = z.object({
  message: z.string().optional(),
  code: z.union([z.string(), z.number()]).optional(),
  details: z.array(z.unknown()).optional(),
});

/** `{error: {message, code}}`, `{error: "…"}`, or a bare google.rpc.Status. */
const ErrorBody = z.union([
  z.object({ error: Status }).transform(({ error }) => error),
  z.object({ error: z.string() }).transform(({ error }): z.output<typeof Status> => ({ message: error })),
  z.object({ detail: z.string() }).transform(({ detail }): z.output<typeof Status> => ({ message: detail })),
  Status,
]);

/** Of a body that is no error of the protocol: the beginning of a page of HTML says enough. */
const UNKNOWN_BODY = 200;

interface Said {
  readonly message: string;
  readonly detail: Record<string, string | number>;
}

function readBody(body: string, redact: Redact): Said {
  const parsed = ErrorBody.safeParse(tryJson(body));
  const status = parsed.success ? parsed.data : {};
  // Cut after it was redacted: half a secret is a secret that nobody recognises.
  const message =
    status.message === undefined ? fromOutside(body, redact, UNKNOWN_BODY) : fromOutside(status.message, redact);
  const detail: Record<string, string | number> = {};
  if (status.code !== undefined)
    detail['code'] = typeof status.code === 'string' ? fromOutside(status.code, redact) : status.code;
  for (const candidate of status.details ?? []) {
    const info = ErrorInfo.safeParse(candidate);
    if (!info.success) continue;
    detail['reason'] = fromOutside(info.data.reason, redact);
    for (const [key, value] of Object.entries(info.data.metadata)) {
      if (typeof value === 'string' && value.length <= 128) detail[`info.${redact(key)}`] = fromOutside(value, redact);
    }
  }
  return { message, detail };
}
