/** What a training comes to once its data is known: for a plan, and for a look beforehand. Pure. */
import type { RunSpec } from '../../domain/spec/spec.ts';
import { planChunks } from '../data/batches.ts';
import { stepsOfEpochs } from '../data/epochs.ts';
import { batchesOfTokens } from '../data/rows-of-steps.ts';
import { openDataset } from '../data/dataset.ts';
import { pinLengthOrder, type PinnedLengths } from '../data/length-order.ts';
import type { Plan } from '../../domain/words/plan.ts';
import type { Artifacts } from '../../store/artifacts/artifacts.ts';
import type { ImportedDataset } from '../data/import-dataset.ts';
import { rowsIn, rowsOfPreference } from '../preference/plan-preference.ts';
import { requestsPerStep } from './gradient.ts';

export interface TrainingSize {
  /** What a batch is made of: examples, or pairs of them. */
  readonly rows: number;
  /** Of so many epochs; absent where the spec gives steps. */
  readonly steps?: number;
  readonly lengths?: NonNullable<Plan['lengths']>;
  /** By tokens, of an epoch. */
  readonly batches?: number;
  readonly chunksPerStep: number;
  readonly requestsPerStep: number;
}

/** `custom`: an objective that is computed here, in a second pass. */
export function trainingSize(
  spec: RunSpec,
  { examples, maxExampleTokens }: Pick<ImportedDataset, 'examples' | 'maxExampleTokens'>,
  { custom, lengths }: { custom: boolean; lengths?: PinnedLengths | undefined },
): TrainingSize {
  const preferences = rowsOfPreference(spec);
  const pairs = preferences !== undefined;
  const rows = rowsIn(preferences, examples);
  const { batchSize, accumulate } = spec.train;
  const budget = spec.data.batchByTokens;
  const batches = lengths && budget && batchesOfTokens(lengths.classes, { budget, pairs }).count;
  const steps = stepsOfEpochs(spec, batches === undefined ? { rows } : { batches });
  const chunksPerStep =
    batches === undefined ? planChunks({ batchSize, accumulate, maxExampleTokens, pairs }) : (accumulate ?? 1);
  return {
    rows,
    ...(steps !== undefined && { steps }),
    ...(batches !== undefined && { batches }),
    ...(lengths && budget && { lengths: { order: lengths.hash, budget } }),
    chunksPerStep,
    requestsPerStep: requestsPerStep(chunksPerStep, custom || pairs),
  };
}

/** The rows in the order of their length, where batches are made by tokens. */
export async function lengthsOf(
  artifacts: Artifacts,
  spec: RunSpec,
  { hash }: Pick<ImportedDataset, 'hash'>,
): Promise<PinnedLengths | undefined> {
  if (spec.data.batchByTokens === undefined) return undefined;
  return pinLengthOrder(artifacts, await openDataset(artifacts, hash), rowsOfPreference(spec) === undefined ? 1 : 2);
}

/** Undefined: there is none that a batch by tokens cannot take with others. */
export function longRowsNote({ data }: RunSpec, lengths: PinnedLengths | undefined): string | undefined {
  const { batchByTokens: budget = Infinity } = data;
  const long = (lengths?.classes ?? []).filter(({ tokens }) => tokens > budget);
  const rows = long.reduce((sum, one) => sum + one.rows, 0);
  if (rows === 0) return undefined;
  return `${rows} ${rows === 1 ? 'row is' : 'rows are'} longer than data.batchByTokens (${budget}): each is a batch of its own, of ${long.at(-1)?.tokens} tokens at most`;
}
