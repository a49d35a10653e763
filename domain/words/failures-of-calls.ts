/** What can go wrong outside, in the few kinds that pawl treats differently. */
import type { FailureType } from './run.ts';

/** Base of every error raised on purpose by an activity or backend; `type` decides whether Temporal retries. */
export class PawlError extends Error {
  override readonly name: string = 'PawlError';
  readonly type: FailureType;
  /** Machine-readable detail, safe to log and store: never a key, never a body. */
  readonly detail: Readonly<Record<string, string | number>>;

  constructor(
    type: FailureType,
    message: string,
    options: { cause?: unknown; detail?: Record<string, string | number> } = {},
  ) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.type = type;
    this.detail = options.detail ?? {};
  }
}

/** Raised by a backend. `status` is the HTTP status, where there was an answer. */
export class BackendError extends PawlError {
  override readonly name: string = 'BackendError';
  readonly status?: number;

  constructor(
    type: FailureType,
    message: string,
    options: { cause?: unknown; detail?: Record<string, string | number>; status?: number } = {},
  ) {
    super(type, message, options);
    if (options.status !== undefined) this.status = options.status;
  }
}

/** A snapshot did not reach every replica: the target's chain is broken until a base is loaded. */
export class SyncFailedError extends BackendError {
  override readonly name = 'SyncFailedError';

  constructor(message: string, options: { cause?: unknown; detail?: Record<string, string | number> } = {}) {
    super('SyncFailed', message, options);
  }
}
