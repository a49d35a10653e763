/** What the SDK throws where a server does not answer. */
import type * as TemporalSdk from './sdk.ts';

const SILENT_CODES: ReadonlySet<number> = new Set([4 /* DEADLINE_EXCEEDED */, 14 /* UNAVAILABLE */]);

/** SDK calls wrap what gRPC said. */
export function isSilence(error: unknown, { isGrpcServiceError }: typeof TemporalSdk): boolean {
  const cause = error instanceof Error && !isGrpcServiceError(error) ? error.cause : error;
  return isGrpcServiceError(cause) && SILENT_CODES.has(cause.code);
}
