/** `contains` and `starts_with`: an answer holds the reference somewhere, or at its beginning. */
import type { TextGrader } from './grader.ts';

interface Options {
  readonly ignoreCase: boolean;
}

export function contains(options: Options): TextGrader {
  return holding(options, (output, reference) => output.includes(reference));
}

export function startsWith(options: Options): TextGrader {
  return holding(options, (output, reference) => output.trimStart().startsWith(reference));
}

/** White space around the reference does not count. */
function holding({ ignoreCase }: Options, holds: (output: string, reference: string) => boolean): TextGrader {
  const folded = (text: string): string => (ignoreCase ? text.toLowerCase() : text);
  return {
    binary: true,
    refuses: (reference) => (reference.trim() === '' ? 'every answer holds an empty reference' : undefined),
    score: (output, reference) => (holds(folded(output), folded(reference.trim())) ? 1 : 0),
  };
}
