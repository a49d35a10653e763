/** What is wrong with an experiment, a line for each problem. */
import { UserError } from '../../domain/words/user-error.ts';

/** Raised when an experiment cannot be run as it stands: nothing was submitted. One line per problem. */
export class ExperimentError extends UserError {
  override readonly name = 'ExperimentError';
  /** Each names the file, the place, the field, what is wrong and the remedy. */
  readonly problems: readonly string[];

  constructor(problems: readonly string[], options: { cause?: unknown } = {}) {
    super(problems.join('\n'), '', options);
    this.problems = problems;
  }
}
