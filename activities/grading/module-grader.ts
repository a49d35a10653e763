/** A grader of the user's own: a module that exports `score(output, reference, about)`. */
import { z } from 'zod';
import type { GraderSpec } from '../../domain/spec/grader-spec.ts';
import { PawlError } from '../../domain/words/failures-of-calls.ts';
import { refusedModule } from '../pinned-module.ts';
import type { Grader } from './grader.ts';

type Options = Extract<GraderSpec, { module: string }>;
type Score = (output: string, reference: string, about: object) => unknown;

const Exports = z.looseObject({
  score: z.custom<Score>((value) => typeof value === 'function'),
});
const Result = z.number().min(0).max(1);

/** `about` is `{prompt, id, options}`; the score, or a promise of it, is from 0 to 1. */
export function moduleGrader({ module, options, binary }: Options, exported: unknown): Grader {
  const parsed = Exports.safeParse(exported);
  if (!parsed.success) {
    throw refusedModule(graderPlace(module), 'export a function `score(output, reference, about)`');
  }
  const { score } = parsed.data;
  return {
    binary,
    async score(output, reference, { prompt, id }) {
      const result = Result.safeParse(await answer(() => score(output, reference, { prompt, id, options })));
      if (result.success) return result.data;
      throw new PawlError('InvalidRequest', `${module} must give a number from 0 to 1`);
    },
  };

  async function answer(ask: () => unknown): Promise<unknown> {
    try {
      return await ask();
    } catch (cause) {
      throw new PawlError('InvalidRequest', `${module} failed: ${String(cause)}`, { cause });
    }
  }
}

export function graderPlace(path: string): { field: string; path: string } {
  return { field: 'evaluate.grader', path };
}
