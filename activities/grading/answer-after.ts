/** Where an answer begins: models think aloud first, and what they consider on the way is no answer. Pure. */

/** As the field writes it. */
const CUSTOMARY = '</think>';
const OPENS = '<think>';

export interface Answered {
  /** What is graded; empty while the model was still thinking. */
  readonly answer: string;
  /** It thought, and came to no end. */
  readonly unended: boolean;
}

/**
 * What follows the last `mark`. Without a mark of its own (undefined), an answer that holds the customary one begins after
 * it, and any other is all answer; `false`: it always is. `opened`: the prompt itself ended in the beginning of a thought.
 */
export function answerOf(output: string, mark: string | false | undefined, opened = false): Answered {
  if (mark === false) return { answer: output, unended: false };
  const end = mark ?? CUSTOMARY;
  const at = output.lastIndexOf(end);
  if (at !== -1) return { answer: output.slice(at + end.length), unended: false };
  const thinking = mark !== undefined || opened || output.trimStart().startsWith(OPENS);
  return thinking ? { answer: '', unended: true } : { answer: output, unended: false };
}

/** The prompt leaves the model in the middle of a thought, as the templates of some do. */
export function opensThought(prompt: string): boolean {
  return prompt.trimEnd().endsWith(OPENS);
}
