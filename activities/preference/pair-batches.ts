/** The pairs of a step: which examples they are, and what is known of them before the trainer is asked. */
import { preferenceSettings, type PreferenceSettings } from '../../domain/spec/preference-spec.ts';
import type { Plan } from '../../domain/words/plan.ts';
import type { RunSpec } from '../../domain/spec/spec.ts';
import type { Artifacts } from '../../store/artifacts/artifacts.ts';
import { toDatums } from '../data/batches.ts';
import type { Dataset } from '../data/dataset.ts';
import type { Example } from '../data/part-format.ts';
import type { Datum } from '../ports.ts';
import type { Answer, Pair } from './losses.ts';
import { openReference } from './reference.ts';

/** One pair as it is sent, and what is known of it. */
export interface PairDatums {
  readonly datums: readonly [Datum, Datum];
  readonly references: readonly [number, number];
  readonly label?: boolean;
}

export interface PairBatches {
  readonly settings: PreferenceSettings;
  /** In the order asked for. */
  read(indices: readonly number[]): Promise<readonly PairDatums[]>;
}

export async function openPairs(
  artifacts: Artifacts,
  dataset: Dataset,
  { plan, train }: { plan: Plan; train: Pick<RunSpec['train'], 'preference'> },
): Promise<PairBatches> {
  const scores = await openReference(artifacts, plan);
  return {
    settings: preferenceSettings(train.preference),
    async read(indices) {
      const examples = await dataset.read(indices.flatMap((index) => [2 * index, 2 * index + 1]));
      const datums = toDatums(examples);
      return indices.map((index, at): PairDatums => {
        const label = labelOf(required(examples[2 * at]));
        return {
          datums: [required(datums[2 * at]), required(datums[2 * at + 1])],
          references: [scores?.[2 * index] ?? 0, scores?.[2 * index + 1] ?? 0],
          ...(label !== undefined && { label }),
        };
      });
    },
  };
}

/** The pair with what the model thinks of it: log p of every target of its two datums. */
export function scoredPair(
  { datums, references, label }: PairDatums,
  logprobs: readonly [readonly number[], readonly number[]],
): Pair {
  return {
    first: answerOf(datums[0], logprobs[0], references[0]),
    second: answerOf(datums[1], logprobs[1], references[1]),
    ...(label !== undefined && { label }),
  };
}

/** Σ log p over the trained targets. */
export function scoreOf({ weights }: Datum, logprobs: readonly number[]): number {
  return weights.reduce((sum, weight, at) => (weight === 0 ? sum : sum + (logprobs[at] ?? Number.NaN)), 0);
}

/** Of one answer: log p of every target of its datum, and what the reference says of it. */
export function answerOf(datum: Datum, logprobs: readonly number[], reference: number): Answer {
  const tokens = datum.weights.filter((weight) => weight !== 0).length;
  return { logprob: scoreOf(datum, logprobs), reference, tokens };
}

/** Of a labelled row; undefined: the example has no label. */
export function labelOf({ trained }: Pick<Example, 'trained'>): boolean | undefined {
  return trained.length % 2 === 0 ? undefined : trained.at(-1) === 1;
}

function required<T>(value: T | undefined): T {
  if (value === undefined) throw new Error('a pair lacks one of its examples');
  return value;
}
