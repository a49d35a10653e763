/** What is wrong with an experiment, a line for each problem. */
import { UserError } from '../../domain/words/user-error.ts';

/** Raised when an experiment cannot be run as it stands: nothing was submitted. One line per problem. */
export class ExperimentError extends UserError {
  override readonly name = 'ExperimentError';
  /** Each names the file, the place, the field, what is wrong and the remedy. */
  readonly problems: readonly string[];
  /** Of each problem, in the same order, the field that it is of; absent: they are of the file as a whole. */
  readonly fields?: readonly (readonly PropertyKey[])[];

  constructor(
    problems: readonly string[],
    { fields, ...options }: { cause?: unknown; fields?: readonly (readonly PropertyKey[])[] } = {},
  ) {
    super(problems.join('\n'), '', options);
    this.problems = problems;
    if (fields !== undefined) this.fields = fields;
  }
}
