/** A user's grader, as its file exports it. */
import type { GradeRequest } from '../messages.ts';
import { WrongShape } from './thrown.ts';

export type Grade = (item: GradeRequest['items'][number], options: object) => Promise<unknown>;

type Score = (output: string, reference: string, about: object) => unknown;

/** `name`: of the function that is called; default: `score`. */
export function graderOf(exported: object, name = 'score'): Grade {
  const score = (exported as Record<string, unknown>)[name] as Score;
  if (typeof score !== 'function') throw new WrongShape(`export a function \`${name}(output, reference, about)\``);
  return async ({ output, reference, prompt, id }, options) => score(output, reference, { prompt, id, options });
}
