/** What the schema cannot see of batches: they are made by a number of rows, or by tokens. */
import type { RunSpec } from '../../domain/spec/spec.ts';
import type { Problem } from './problems.ts';

export function batchProblems({ train, data }: RunSpec): Problem[] {
  const bySize = train.batchSize > 0;
  if (bySize === (data.batchByTokens === undefined)) return [];
  const message = bySize
    ? 'give train.batchSize or data.batchByTokens, not both.'
    : 'give at least 1, or data.batchByTokens: so many tokens a batch.';
  return [{ path: ['train', 'batchSize'], against: 'data.batchByTokens', message }];
}
