/** What the schema cannot see of a gate: the suites that it asks must be among those that the run is evaluated on. */
import { MAIN_SUITE } from '../../domain/words/names.ts';
import type { RunSpec } from '../../domain/spec/spec.ts';
import type { Problem } from './problems.ts';

export function promotionProblems({ promotion, evaluate }: RunSpec): Problem[] {
  const known = [MAIN_SUITE, ...Object.keys(evaluate.suites ?? {})];
  return (promotion?.suites ?? []).flatMap((suite, index) =>
    known.includes(suite)
      ? []
      : [
          {
            path: ['promotion', 'suites', index],
            message: `there is no suite "${suite}" in evaluate.suites. Name one of ${known.join(', ')}.`,
          },
        ],
  );
}
