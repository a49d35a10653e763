/** Two evaluations of the same weights, answer by answer: how much of the one is in the other. Pure. */

/** A sample as the store has it; what could not be produced has no tokens. */
interface Answer {
  readonly kind: 'produced' | 'missing';
  readonly promptIndex: number;
  /** Which of the prompt's samples; absent: the only one. */
  readonly sampleIndex?: number;
  readonly tokens?: readonly number[];
  readonly meanLogprob?: number;
}

export interface SameAnswers {
  /** Answers that both have. */
  readonly pairs: number;
  /** Of those, the ones that are the same token by token. */
  readonly identical: number;
  /** Answers that only one of the two has. */
  readonly unpaired: number;
  /** Largest difference of an answer's mean log p per token, among the identical ones. */
  readonly maxLogprobDifference?: number;
}

export function sameAnswers(before: readonly Answer[], after: readonly Answer[]): SameAnswers {
  const earlier = new Map(produced(before));
  const later = produced(after);
  let identical = 0;
  let largest: number | undefined;
  const pairs = later.filter(([key]) => earlier.has(key));
  for (const [key, answer] of pairs) {
    const other = earlier.get(key);
    if (other === undefined || !sameTokens(other, answer)) continue;
    identical += 1;
    if (other.meanLogprob !== undefined && answer.meanLogprob !== undefined) {
      // One by one: no call takes any number of arguments.
      largest = Math.max(largest ?? 0, Math.abs(other.meanLogprob - answer.meanLogprob));
    }
  }
  return {
    pairs: pairs.length,
    identical,
    unpaired: earlier.size + later.length - 2 * pairs.length,
    ...(largest !== undefined && { maxLogprobDifference: largest }),
  };
}

function produced(answers: readonly Answer[]): [string, Answer][] {
  return answers
    .filter(({ kind }) => kind === 'produced')
    .map((answer) => [`${answer.promptIndex}.${answer.sampleIndex ?? 0}`, answer]);
}

function sameTokens({ tokens: some = [] }: Answer, { tokens: others = [] }: Answer): boolean {
  return some.length === others.length && some.every((token, index) => token === others[index]);
}
