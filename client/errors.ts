/** What a client's caller may catch: the errors that a person reads, and the one of a server that is silent. */
import { UserError } from '../domain/words/user-error.ts';

export { messageOf, UserError } from '../domain/words/user-error.ts';

/** Raised when Temporal, or whatever else the command needs, does not answer. */
export class UnreachableError extends UserError {
  override readonly name = 'UnreachableError';
}

/** Raised where nothing is known by the name that was given. */
export class NotFoundError extends UserError {
  override readonly name = 'NotFoundError';
}

/** The system's code of a failure, e.g. ENOENT. By shape, not class: a test's realm has an `Error` of its own. */
export function codeOf(error: unknown): string | undefined {
  if (typeof error !== 'object' || error === null || !('code' in error)) return undefined;
  return typeof error.code === 'string' ? error.code : undefined;
}
