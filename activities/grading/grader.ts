/** What a grader is. */

/** Where an answer comes from. */
interface Graded {
  readonly prompt: string;
  /** The same whenever this answer is graded: an endpoint can recognise a repetition. */
  readonly id: string;
  readonly signal: AbortSignal;
}

/** Says how good an answer is, from 0 to 1; more is better. Fails with a `PawlError` where it cannot tell. */
export interface Grader {
  /** Scores are only 0 and 1, which calls for another confidence interval. */
  readonly binary: boolean;
  /** The first of these references that nothing can be graded against, if any. */
  firstRefused?(references: readonly string[], signal: AbortSignal): Promise<Refusal | undefined>;
  score(output: string, reference: string, about: Graded): number | Promise<number>;
}

/** A grader that needs nothing but the two texts. */
export interface TextGrader extends Pick<Grader, 'binary'> {
  /** Why nothing can be graded against this reference, if so. */
  refuses?(reference: string): string | undefined;
  score(output: string, reference: string): number;
}

export interface Refusal {
  readonly index: number;
  readonly why: string;
}
