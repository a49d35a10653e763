/** Datums as the trainer's process takes them; what depends on the model (vocabulary, context) is checked here. */
import { CallError } from '../child.ts';
import type { Sequence } from '../model/sequence.ts';
import type { ModelConfig } from '../model/layout.ts';
import type { Example, PolicyInputs } from './messages.ts';
import type { LossName } from './loss-names.ts';
import type { Datum } from './schemas.ts';
import { readTensor, type Tensor } from './tensors.ts';

const POLICY_INPUTS = ['logprobs', 'advantages', 'weights', 'clip_low_threshold', 'clip_high_threshold'];

/** Throws a failure of category `user` that names the datum. */
export function examplesOf(data: readonly Datum[], loss: LossName, config: ModelConfig): Example[] {
  return data.map((datum, index) => {
    try {
      return exampleOf(datum, loss, config);
    } catch (error) {
      const why = error instanceof Error ? error.message : String(error);
      throw new CallError({ message: `datum ${index}: ${why}`, category: 'user' });
    }
  });
}

function exampleOf(datum: Datum, loss: LossName, config: ModelConfig): Example {
  const tokens = datum.model_input.chunks.flatMap((chunk) => chunk.tokens);
  const length = tokens.length;
  if (length === 0) throw new Error('model_input has no tokens');
  if (length > config.context) throw new Error(`${length} tokens do not fit the context of ${config.context}`);
  checkNames(datum, loss);
  const targets = needed(datum, 'target_tokens', 'int64', length);
  for (const id of [...tokens, ...targets.values]) {
    if (!Number.isInteger(id) || id < 0 || id >= config.vocab) {
      throw new Error(`token id ${id} is not in the vocabulary of ${config.vocab}`);
    }
  }
  const common = { tokens: Int32Array.from(tokens), targets: Int32Array.from(targets.values) };
  if (loss === 'cross_entropy') {
    const weights = needed(datum, 'weights', 'float32', length);
    if (weights.shape.join() !== targets.shape.join()) throw new Error('weights must have the shape of target_tokens');
    return withCount({ ...common, weights: floats(weights, 'weights'), ...widthOf(targets) });
  }
  if (targets.shape.length !== 1) throw new Error(`${loss} takes one target per position`);
  const policy = policyInputs(datum, loss, length);
  return withCount({ ...common, weights: new Float32Array(length) }, policy);
}

function policyInputs(datum: Datum, loss: LossName, length: number): PolicyInputs {
  const optional = (name: string): Float32Array | undefined => {
    const found = read(datum, name, 'float32', length);
    return found === undefined ? undefined : floats(found, name);
  };
  const advantages = floats(needed(datum, 'advantages', 'float32', length), 'advantages');
  // Only reinforce does not look at who drew the tokens.
  const old =
    loss === 'reinforce' ? optional('logprobs') : floats(needed(datum, 'logprobs', 'float32', length), 'logprobs');
  const [mask, clipLow, clipHigh] = [
    optional('weights'),
    optional('clip_low_threshold'),
    optional('clip_high_threshold'),
  ];
  return {
    advantages,
    // A token without an advantage has nothing to say, not even by how far it has moved.
    mask: mask ?? advantages.map((advantage) => (advantage === 0 ? 0 : 1)),
    ...(old && { old }),
    ...(clipLow && { clipLow }),
    ...(clipHigh && { clipHigh }),
  };
}

function checkNames(datum: Datum, loss: LossName): void {
  const known = ['target_tokens', ...(loss === 'cross_entropy' ? ['weights'] : POLICY_INPUTS)];
  const unknown = Object.keys(datum.loss_fn_inputs).find((name) => !known.includes(name));
  if (unknown !== undefined)
    throw new Error(`loss_fn_inputs.${unknown} is not an input of ${loss} (${known.join(', ')})`);
}

function read(datum: Datum, name: string, dtype: string, length: number): Tensor | undefined {
  const tensor = readTensor(datum.loss_fn_inputs, name, dtype);
  if (tensor !== undefined && tensor.shape[0] !== length) {
    throw new Error(`loss_fn_inputs.${name} has ${tensor.shape[0]} values for ${length} input tokens`);
  }
  return tensor;
}

function needed(datum: Datum, name: string, dtype: string, length: number): Tensor {
  const tensor = read(datum, name, dtype, length);
  if (tensor === undefined) throw new Error(`loss_fn_inputs.${name} is missing`);
  return tensor;
}

function floats({ values }: Tensor, name: string): Float32Array {
  const result = Float32Array.from(values);
  if (!result.every(Number.isFinite)) throw new Error(`${name} do not fit float32`);
  return result;
}

function widthOf({ shape }: Tensor): { width?: number } {
  const [, width] = shape;
  if (width === 0) throw new Error('target_tokens has no columns');
  return width === undefined ? {} : { width };
}

/** How many of the tokens the loss looks at: what `num_loss_tokens` divides by. */
function withCount(sequence: Sequence, policy?: PolicyInputs): Example {
  const width = sequence.width ?? 1;
  const looked = policy?.mask ?? sequence.weights;
  let lossTokens = 0;
  for (let at = 0; at < sequence.tokens.length; at++) {
    if (looked.subarray(at * width, (at + 1) * width).some((weight) => weight !== 0)) lossTokens += 1;
  }
  return { sequence, lossTokens, ...(policy && { policy }) };
}
