/** What a user's code threw, in a form that fits a message whatever it is. */
import { spawnSync } from 'node:child_process';
import { PawlError } from '../../../domain/words/failures-of-calls.ts';
import type { Thrown } from '../messages.ts';

const LONGEST_MESSAGE = 2_000;
const LONGEST_STACK = 8_000;

/** What is asked of a user's code, and is not what it does. */
export class WrongShape extends Error {
  override readonly name = 'WrongShape';
}

export class TooLate extends Error {
  override readonly name = 'TooLate';

  constructor(limitMs: number) {
    super(`did not answer within ${limitMs / 1000} s: it waits for a promise that does not settle`);
  }
}

export function thrownOf(cause: unknown): Thrown {
  const kind = kindOf(cause);
  const { message, stack } = textsOf(cause);
  return { kind, message: cut(message, LONGEST_MESSAGE), stack: cut(stack, LONGEST_STACK) };
}

/** Of a file that cannot be loaded: syntax errors name their line only where nobody caught them. */
export function notLoaded(cause: unknown, file: string): Thrown {
  const thrown = thrownOf(cause);
  if (!(cause instanceof SyntaxError)) return thrown;
  const { stderr } = spawnSync(process.execPath, ['--check', file], { encoding: 'utf8', timeout: 10_000 });
  return { ...thrown, stack: cut(`    at ${stderr ?? ''}`, LONGEST_STACK) };
}

/** Whatever was thrown may be a proxy, a getter that throws, or nothing. */
function textsOf(cause: unknown): { message: string; stack: string } {
  try {
    if (cause instanceof Error && kindOf(cause) !== 'raised') return { message: cause.message, stack: '' };
    if (!(cause instanceof Error)) return { message: `it threw ${String(cause)}`, stack: '' };
    // Message and frames apart: the message is part of the stack, and may be of any length.
    const message = String(cause);
    const { stack } = cause as { stack?: unknown };
    if (typeof stack !== 'string') return { message, stack: '' };
    return { message, stack: stack.startsWith(message) ? stack.slice(message.length) : stack.slice(-LONGEST_STACK) };
  } catch {
    return { message: 'it threw what cannot be told', stack: '' };
  }
}

function kindOf(cause: unknown): Thrown['kind'] {
  if (cause instanceof TooLate) return 'limit';
  return cause instanceof WrongShape || cause instanceof PawlError ? 'shape' : 'raised';
}

function cut(text: string, longest: number): string {
  return text.length <= longest ? text : `${text.slice(0, longest)}… (${text.length} characters)`;
}
