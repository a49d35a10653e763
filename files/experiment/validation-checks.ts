/** What the schema cannot see of validation: rows to validate on come from one place. */
import type { RunSpec } from '../../domain/spec/spec.ts';
import type { Problem } from './problems.ts';

export function validationProblems({ data, evaluate }: RunSpec): Problem[] {
  if (data.holdout === undefined || evaluate.loss === undefined) return [];
  const message =
    'the loss is told of one set of rows: leave out either data.holdout, or evaluate.loss, whose rows are not trained on anyway.';
  return [{ path: ['evaluate', 'loss'], message }];
}
