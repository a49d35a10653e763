/** Training examples as the trainer takes them: an input, and named tensors that the loss reads. */
import { BackendError } from '../../../domain/words/failures-of-calls.ts';
import type { Datum } from '../../ports.ts';

/** A piece of a model's input. An image takes `expectedTokens` positions; its targets and weights there are zero. */
export type InputChunk =
  | { readonly type: 'encoded_text'; readonly tokens: readonly number[] }
  | {
      readonly type: 'image';
      /** Base64. */
      readonly data: string;
      readonly format: 'png' | 'jpeg';
      readonly expectedTokens: number;
    };

/** A flat tensor. With `sparse`, `data` holds the non-zero values of a CSR matrix whose dense form has `shape`. */
export interface TensorData {
  readonly data: readonly number[];
  readonly dtype: 'int64' | 'float32';
  readonly shape: readonly number[];
  readonly sparse?: { readonly crowIndices: readonly number[]; readonly colIndices: readonly number[] };
}

/**
 * One example for any loss. With N input positions, `target_tokens` is [N] or [N, K], and every per-token input
 * (`weights`, `logprobs`, `advantages`, `clip_low_threshold`, …) has the same shape. A plain array is short for a
 * one-dimensional tensor: token ids under `target_tokens`, float32 under any other name.
 */
export interface LossDatum {
  /** Token ids, or pieces of text and images. The last token of a sequence is only ever a target. */
  readonly modelInput: readonly number[] | readonly InputChunk[];
  readonly lossFnInputs: Readonly<Record<string, TensorData | readonly number[]>>;
}

/** What every training call accepts: the supervised short form, or the general one. */
export type TrainingDatum = Datum | LossDatum;

function toLossDatum(datum: TrainingDatum): LossDatum {
  if ('modelInput' in datum) return datum;
  const { inputTokens, targetTokens, weights } = datum;
  return { modelInput: inputTokens, lossFnInputs: { target_tokens: targetTokens, weights } };
}

/** How many log-probabilities the trainer answers: one per target, also where each position has several. */
export function targetCount(datum: TrainingDatum): number {
  const targets = toLossDatum(datum).lossFnInputs['target_tokens'];
  if (targets === undefined) return positionCount(datum);
  return 'data' in targets ? targets.shape.reduce((product, extent) => product * extent, 1) : targets.length;
}

/** Positions of a datum's input. */
export function positionCount(datum: TrainingDatum): number {
  return chunksOf(toLossDatum(datum)).reduce((sum, chunk) => sum + positions(chunk), 0);
}

/** The weight of each target; ones where none are given, undefined where they are not written out one by one. */
export function weightsOf(datum: TrainingDatum): readonly number[] | undefined {
  const { weights } = toLossDatum(datum).lossFnInputs;
  if (weights === undefined) return Array.from({ length: targetCount(datum) }, () => 1);
  if (!('data' in weights)) return weights;
  return weights.sparse === undefined ? weights.data : undefined;
}

/** Bytes of a datum in a request, as the trainer's own client estimates them. */
export function estimatedBytes(datum: TrainingDatum): number {
  const { modelInput, lossFnInputs } = toLossDatum(datum);
  const input = chunksOf({ modelInput }).reduce(
    (sum, chunk) => sum + (chunk.type === 'image' ? chunk.data.length : 10 * chunk.tokens.length),
    0,
  );
  return Object.values(lossFnInputs).reduce((sum, tensor) => sum + 10 * valuesOf(tensor).length, input);
}

/** The wire form; fails with the example's index where the trainer could only fail later. */
export function datumBody(datum: TrainingDatum, index: number): object {
  const loss = toLossDatum(datum);
  const chunks = chunksOf(loss);
  const length = chunks.reduce((sum, chunk) => sum + positions(chunk), 0);
  const refuse = (why: string): BackendError => new BackendError('InvalidRequest', `training example ${index} ${why}`);
  if (length === 0) throw refuse('has no input');
  for (const chunk of chunks) {
    if (chunk.type === 'encoded_text' && !chunk.tokens.every(isTokenId)) {
      throw refuse('holds something that is not a token id');
    }
  }
  return {
    model_input: { chunks: chunks.map(chunkBody) },
    loss_fn_inputs: Object.fromEntries(
      Object.entries(loss.lossFnInputs).map(([name, tensor]) => [name, tensorBody(name, tensor, length, refuse)]),
    ),
  };
}

function chunksOf({ modelInput }: Pick<LossDatum, 'modelInput'>): readonly InputChunk[] {
  return isTokens(modelInput) ? [{ type: 'encoded_text', tokens: modelInput }] : modelInput;
}

function isTokens(input: LossDatum['modelInput']): input is readonly number[] {
  return typeof input[0] !== 'object';
}

function positions(chunk: InputChunk): number {
  return chunk.type === 'image' ? chunk.expectedTokens : chunk.tokens.length;
}

function valuesOf(tensor: TensorData | readonly number[]): readonly number[] {
  return 'data' in tensor ? tensor.data : tensor;
}

function chunkBody(chunk: InputChunk): object {
  if (chunk.type === 'encoded_text') return { type: chunk.type, tokens: chunk.tokens };
  return { type: 'image', data: chunk.data, format: chunk.format, expected_tokens: chunk.expectedTokens };
}

/** Whole inputs of a sequence, not of its positions. */
const PER_SEQUENCE = new Set(['embedding_grads', 'projection_grads']);

function tensorBody(
  name: string,
  tensor: TensorData | readonly number[],
  length: number,
  refuse: (why: string) => BackendError,
): object {
  const { data, dtype, shape, sparse } = 'data' in tensor ? tensor : vector(name, tensor);
  const size = shape.reduce((product, extent) => product * extent, 1);
  const misfits = sparse === undefined && size !== data.length;
  if (misfits || (shape[0] !== length && !PER_SEQUENCE.has(name))) {
    throw refuse(
      `has ${length} input positions and ${name} of shape [${shape.join(', ')}] with ${data.length} values: ` +
        'they must be as many, and at least one',
    );
  }
  // JSON of the rounded value is what the trainer will compute with, digit for digit.
  const values = dtype === 'float32' ? data.map(Math.fround) : data;
  if (dtype === 'float32' && !values.every(Number.isFinite)) {
    throw refuse(`has a value in ${name} that is not a finite float32`);
  }
  if (dtype === 'int64' && !values.every(isTokenId)) throw refuse(`holds something in ${name} that is not a token id`);
  return {
    data: values,
    dtype,
    shape,
    ...(sparse === undefined ? {} : { sparse_crow_indices: sparse.crowIndices, sparse_col_indices: sparse.colIndices }),
  };
}

function vector(name: string, data: readonly number[]): TensorData {
  return { data, dtype: name === 'target_tokens' ? 'int64' : 'float32', shape: [data.length] };
}

function isTokenId(value: number): boolean {
  return Number.isSafeInteger(value) && value >= 0;
}
