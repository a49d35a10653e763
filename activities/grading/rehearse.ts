/** Proves before anything is rented that a grader can grade this prompt set. */
import type { Prompt } from '../data/prompt-set.ts';
import { PawlError } from '../../domain/words/failures-of-calls.ts';
import type { Grader } from './grader.ts';

/** Looks at every reference, and grades one: that of the first prompt, as if it were the answer. */
export async function rehearseGrader(grader: Grader, prompts: readonly Prompt[], signal: AbortSignal): Promise<void> {
  const references = prompts.map(({ reference }) => reference);
  const refused = await grader.firstRefused?.(references, signal);
  if (refused !== undefined) {
    const { index, why } = refused;
    throw new PawlError('InvalidRequest', `evaluate.grader: prompt ${index + 1} of the set: ${why}.`);
  }
  const [first] = prompts;
  if (first === undefined) return;
  try {
    await grader.score(first.reference, first.reference, {
      prompt: first.prompt,
      id: `rehearsal-${first.hash}`,
      signal,
    });
  } catch (cause) {
    if (!(cause instanceof PawlError)) throw cause;
    throw new PawlError(cause.type, `evaluate.grader: ${cause.message}.`, { cause });
  }
}
