/** What a training comes to once its data is known: for a plan, and for a look beforehand. Pure. */
import type { RunSpec } from '../../domain/spec/spec.ts';
import { planChunks } from '../data/batches.ts';
import { stepsOfEpochs } from '../data/epochs.ts';
import type { ImportedDataset } from '../data/import-dataset.ts';
import { rowsIn, rowsOfPreference } from '../preference/plan-preference.ts';
import { requestsPerStep } from './gradient.ts';

export interface TrainingSize {
  /** What a batch is made of: examples, or pairs of them. */
  readonly rows: number;
  /** Of so many epochs; absent where the spec gives steps. */
  readonly steps?: number;
  readonly chunksPerStep: number;
  readonly requestsPerStep: number;
}

/** `custom`: an objective that is computed here, in a second pass. */
export function trainingSize(
  spec: RunSpec,
  { examples, maxExampleTokens }: Pick<ImportedDataset, 'examples' | 'maxExampleTokens'>,
  { custom }: { custom: boolean },
): TrainingSize {
  const preferences = rowsOfPreference(spec);
  const pairs = preferences !== undefined;
  const rows = rowsIn(preferences, examples);
  const steps = stepsOfEpochs(spec, rows);
  const { batchSize, accumulate } = spec.train;
  const chunksPerStep = planChunks({ batchSize, accumulate, maxExampleTokens, pairs });
  return {
    rows,
    ...(steps !== undefined && { steps }),
    chunksPerStep,
    requestsPerStep: requestsPerStep(chunksPerStep, custom || pairs),
  };
}
