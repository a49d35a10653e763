/** What a thread answers: a result, or an error with all that structured clone would drop of it. */
import type { MessagePort } from 'node:worker_threads';
import { PawlError } from '../../domain/words/failures-of-calls.ts';
import type { FailureType } from '../../domain/words/run.ts';

/** What the pool hands to a thread. */
export interface Order {
  readonly task: string;
  readonly input: unknown;
  /** Tells when the task begins, and what it reports. */
  readonly port: MessagePort;
}

export type Report = { readonly kind: 'begun' } | { readonly kind: 'progress'; readonly value: unknown };

export type Envelope =
  { readonly kind: 'done'; readonly value: unknown } | { readonly kind: 'failed'; readonly error: SentError };

export interface SentError {
  readonly name: string;
  readonly message: string;
  readonly stack?: string;
  /** Of a `PawlError`. */
  readonly type?: FailureType;
  readonly detail?: PawlError['detail'];
  readonly cause?: SentError;
}

/** Chains of causes may be long, or circular. */
const MAX_CAUSES = 5;

export function sendable(error: unknown, causes = MAX_CAUSES): SentError {
  if (!(error instanceof Error)) return { name: 'Error', message: String(error) };
  const { name, message, stack, cause } = error;
  return {
    name,
    message,
    ...(stack !== undefined && { stack }),
    ...(error instanceof PawlError && { type: error.type, detail: error.detail }),
    ...(cause !== undefined && causes > 0 && { cause: sendable(cause, causes - 1) }),
  };
}

export function received(sent: SentError): Error {
  const { name, message, stack, type, detail, cause } = sent;
  const options = { ...(cause !== undefined && { cause: received(cause) }) };
  const error =
    type === undefined
      ? Object.assign(new Error(message, options), { name })
      : new PawlError(type, message, { ...options, ...(detail !== undefined && { detail }) });
  if (stack !== undefined) error.stack = stack;
  return error;
}
