/** A grader of the user's own: a file whose `score(output, reference, about)` is called, in a process of its own. */
import { z } from 'zod';
import { PawlError } from '../../domain/words/failures-of-calls.ts';
import type { Code } from '../user-code/code.ts';
import type { UserCode } from '../user-code/user-code.ts';
import type { Grader } from './grader.ts';

const Result = z.number().min(0).max(1);

/** `about` is `{prompt, id, options}`; the score, or a promise of it, is from 0 to 1. */
export function codeGrader(
  userCode: UserCode,
  code: Code,
  { binary, onOutput }: { binary: boolean; onOutput?: ((text: string) => void) | undefined },
): Grader {
  const grade = userCode.grader(code, onOutput);
  return {
    binary,
    async score(output, reference, { prompt, id, signal }) {
      const { score, kind } = await grade({ output, reference, prompt, id }, signal);
      const result = Result.safeParse(score);
      if (result.success) return result.data;
      const gave = typeof score === 'number' ? String(score) : kind;
      throw new PawlError('InvalidRequest', `${code.place.path} must give a number from 0 to 1, and gave ${gave}`);
    },
  };
}

export const GRADER_FIELD = 'evaluate.grader';
