/** Regular expressions that people type: capitals or not. */
import { UserError } from './errors.ts';

/** `from`: what was typed, to be named where it cannot be read. */
export function patternOf(pattern: string, from: string): RegExp {
  try {
    return new RegExp(pattern, 'iu');
  } catch (cause) {
    throw new UserError(
      `${from}: not a regular expression.`,
      'Put a backslash before what is meant literally, such as \\( or \\[.',
      { cause },
    );
  }
}
