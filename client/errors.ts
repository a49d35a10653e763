/** The one class of errors that a person reads: the message names the thing that is wrong, the remedy the way out. */

/** Shown as one line, without a stack trace; anything else that reaches the CLI is a defect of pawl. */
export class UserError extends Error {
  override readonly name: string = 'UserError';
  readonly remedy: string;

  constructor(problem: string, remedy: string, options: { cause?: unknown } = {}) {
    super(`${problem} ${remedy}`.trimEnd(), options.cause === undefined ? undefined : { cause: options.cause });
    this.remedy = remedy;
  }
}

/** Raised when Temporal, or whatever else the command needs, does not answer. */
export class UnreachableError extends UserError {
  override readonly name = 'UnreachableError';
}

/** The message of whatever was thrown, in one line. */
export function messageOf(error: unknown): string {
  const text = error instanceof Error ? error.message : String(error);
  return text.replaceAll(/\s*\n\s*/g, ' ').trim();
}

/** The system's code of a failure, e.g. ENOENT. By shape, not class: a test's realm has an `Error` of its own. */
export function codeOf(error: unknown): string | undefined {
  if (typeof error !== 'object' || error === null || !('code' in error)) return undefined;
  return typeof error.code === 'string' ? error.code : undefined;
}
