/** `multiple_choice`: the letter that an answer settles on is the reference's. */
import type { TextGrader } from './grader.ts';

export function multipleChoice({ choices }: { choices: string }): TextGrader {
  const letter = `[${choices}${choices.toLowerCase()}]`;
  const said = new RegExp(`\\banswer(?:\\s+is)?\\s*:?\\s*(?:option\\s+)?[*("']*(${letter})(?![\\p{L}\\p{N}])`, 'giu');
  // A bare "A" that begins a sentence is a word: the letter must stand by itself.
  const first = new RegExp(`^\\W*(${letter})(?:[.):,]|\\*\\*|\\s*$|\\s*\\n)`, 'u');
  const bracketed = new RegExp(`\\((${letter})\\)`, 'gu');

  /** What it says is the answer; else the letter it begins with; else the last one in brackets. */
  function chosen(output: string): string | undefined {
    const last = (pattern: RegExp): string | undefined => [...output.matchAll(pattern)].at(-1)?.[1];
    return (last(said) ?? first.exec(output)?.[1] ?? last(bracketed))?.toUpperCase();
  }

  return {
    binary: true,
    refuses: (reference) =>
      bare(reference) === undefined ? `the reference must be one of the letters ${choices}` : undefined,
    score: (output, reference) => (chosen(output) === bare(reference) ? 1 : 0),
  };

  /** `(b).` → `B` */
  function bare(reference: string): string | undefined {
    const [, found] = /^\W*([A-Za-z])\W*$/.exec(reference) ?? [];
    return found !== undefined && choices.includes(found.toUpperCase()) ? found.toUpperCase() : undefined;
  }
}
