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

/** The message of whatever was thrown, in one line. */
export function messageOf(error: unknown): string {
  const text = error instanceof Error ? error.message : String(error);
  return text.replaceAll(/\s*\n\s*/g, ' ').trim();
}
