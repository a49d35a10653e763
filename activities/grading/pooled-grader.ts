/**
 * Text graders in the pool: patterns and schemas come from users, and some take ages with some texts. A thread keeps the
 * graders it opened last, so that what they compile is compiled once.
 */
import { PawlError } from '../../domain/words/failures-of-calls.ts';
import { TaskEnded, type Compute } from '../compute/compute.ts';
import type { Grader } from './grader.ts';
import { textGrader, type TextGraderSpec } from './text-graders.ts';

/** An answer takes a millisecond; on a machine with too much to do, a hundred times as long. */
const ANSWER_MS = 5_000;
/** All references of a set, most of which compile in a millisecond. */
const REFERENCES_MS = 120_000;

/** What these two do takes less than to ask a thread, if texts are not long. */
const HARMLESS: ReadonlySet<unknown> = new Set(['exact_match', 'token_accuracy']);
/** Characters of both; a tenth of a millisecond. */
const SHORT = 4_000;

export function pooledGrader(compute: Compute, spec: TextGraderSpec): Grader {
  const grader = textGrader(spec);
  const harmless = HARMLESS.has(spec);
  const name = typeof spec === 'string' ? spec : spec.name;
  const firstRefused: Grader['firstRefused'] = async (references, signal) => {
    const options = { signal, timeoutMs: REFERENCES_MS, what: `${name}: ${references.length} references` };
    return compute.run('grading.firstRefused', { spec, references }, options);
  };
  return {
    binary: grader.binary,
    // Neither of the two has anything against a reference.
    ...(!harmless && { firstRefused }),
    async score(output, reference, { signal }) {
      if (harmless && output.length + reference.length < SHORT) return grader.score(output, reference);
      try {
        return await compute.run('grading.score', { spec, output, reference }, { signal, timeoutMs: ANSWER_MS });
      } catch (error) {
        throw error instanceof TaskEnded && error.reason === 'timeout' ? tooSlow(name, error) : error;
      }
    },
  };
}

function tooSlow(name: string, cause: TaskEnded): PawlError {
  return new PawlError(
    'InvalidRequest',
    `${name} takes longer than ${ANSWER_MS / 1000} s for one answer: write its patterns without nested repetitions`,
    { cause },
  );
}
