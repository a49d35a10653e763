/** Errors as the platform words them: one class, rendered in the shape of the API that was called. */

/** Status names of gRPC with their numbers and usual HTTP status, for the control plane's error bodies. */
const GRPC = {
  INVALID_ARGUMENT: { code: 3, status: 400 },
  NOT_FOUND: { code: 5, status: 404 },
  ALREADY_EXISTS: { code: 6, status: 409 },
  PERMISSION_DENIED: { code: 7, status: 403 },
  RESOURCE_EXHAUSTED: { code: 8, status: 429 },
  FAILED_PRECONDITION: { code: 9, status: 400 },
  INTERNAL: { code: 13, status: 500 },
  UNAVAILABLE: { code: 14, status: 503 },
  UNAUTHENTICATED: { code: 16, status: 401 },
} as const;

export type ErrorCode = keyof typeof GRPC;

/** A refusal that the caller is told about; everything else that is thrown becomes a 500 without its details. */
export class ApiError extends Error {
  readonly code: ErrorCode;
  readonly status: number;
  /** For programs; only the control plane's bodies have them. */
  readonly details: readonly object[];

  /** `status` where it differs from the code's usual one. */
  constructor(code: ErrorCode, message: string, status: number = GRPC[code].status, details: readonly object[] = []) {
    super(message);
    this.name = 'ApiError';
    this.code = code;
    this.status = status;
    this.details = details;
  }
}

export function notFound(what: string): ApiError {
  return new ApiError('NOT_FOUND', `${what} was not found`);
}

export function invalid(message: string): ApiError {
  return new ApiError('INVALID_ARGUMENT', message);
}

/** Machine-readable in its `ErrorInfo`; all of its metadata are strings. */
export function quotaExceeded(reason: string, what: string, limit: number): ApiError {
  const info = {
    '@type': 'type.googleapis.com/google.rpc.ErrorInfo',
    domain: 'training.fireworks.ai',
    reason,
    metadata: { version: '1', source: 'lifecycle', quota_required: '1', quota_available: '0' },
  };
  return new ApiError('RESOURCE_EXHAUSTED', `the account may have ${limit} ${what} at a time`, 429, [info]);
}

/** The control plane answers as grpc-gateway does, everything else in the shape of inference errors. */
export function errorBody(error: ApiError, url: string): object {
  if (url.startsWith('/v1/')) return { code: GRPC[error.code].code, message: error.message, details: error.details };
  return { error: { message: error.message, code: error.code } };
}
