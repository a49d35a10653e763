/** Datums as the trainer's process takes them; what depends on the model (vocabulary, context) is checked here. */
import { CallError } from '../child.ts';
import type { Sequence } from '../model/sequence.ts';
import type { ModelConfig } from '../model/layout.ts';
import type { Example, PolicyInputs } from './messages.ts';
import type { LossName } from './loss-names.ts';
import type { Datum } from './schemas.ts';
import { readTensor, type Dtype, type Tensor } from './tensors.ts';

const POLICY_INPUTS = ['logprobs', 'advantages', 'weights', 'clip_low_threshold', 'clip_high_threshold'];

/** Factors of a token's loss: given as numbers, or as a mask of whole ones. */
const FACTORS: readonly Dtype[] = ['float32', 'int64'];

/** What a batch is read for. */
export interface Reading {
  readonly loss: LossName;
  readonly config: ModelConfig;
  /** Inputs that the loss does not know are refused, and weights are float32 and never missing. */
  readonly strict: boolean;
}

/** Throws a failure of category `user` that names the datum. */
export function examplesOf(data: readonly Datum[], reading: Reading): Example[] {
  return data.map((datum, index) => {
    try {
      return new Inputs(datum, reading).example();
    } catch (error) {
      const why = error instanceof Error ? error.message : String(error);
      throw new CallError({ message: `datum ${index}: ${why}`, category: 'user' });
    }
  });
}

/** The inputs of one datum, by name. */
class Inputs {
  readonly #datum: Datum;
  readonly #reading: Reading;
  readonly #tokens: readonly number[];

  constructor(datum: Datum, reading: Reading) {
    this.#datum = datum;
    this.#reading = reading;
    this.#tokens = datum.model_input.chunks.flatMap((chunk) => chunk.tokens);
  }

  example(): Example {
    const { loss, config } = this.#reading;
    const tokens = this.#tokens;
    if (tokens.length === 0) throw new Error('model_input has no tokens');
    if (tokens.length > config.context)
      throw new Error(`${tokens.length} tokens do not fit the context of ${config.context}`);
    if (this.#reading.strict) this.#checkNames();
    const targets = this.#needed('target_tokens', ['int64']);
    for (const id of [...tokens, ...targets.values]) {
      if (!Number.isInteger(id) || id < 0 || id >= config.vocab) {
        throw new Error(`token id ${id} is not in the vocabulary of ${config.vocab}`);
      }
    }
    const common = { tokens: Int32Array.from(tokens), targets: Int32Array.from(targets.values) };
    if (loss === 'cross_entropy') {
      return withCount({ ...common, weights: this.#weights(targets), ...widthOf(targets) });
    }
    if (targets.shape.length !== 1) throw new Error(`${loss} takes one target per position`);
    return withCount({ ...common, weights: new Float32Array(tokens.length) }, this.#policy());
  }

  /** Of each target: as told, or one; nothing where the mask says so. */
  #weights(targets: Tensor): Float32Array {
    const { strict } = this.#reading;
    const given = strict ? this.#needed('weights', ['float32']) : this.#read('weights', FACTORS);
    if (given !== undefined && given.shape.join() !== targets.shape.join()) {
      throw new Error('weights must have the shape of target_tokens');
    }
    const weights = given === undefined ? new Float32Array(targets.values.length).fill(1) : floats(given, 'weights');
    const mask = this.#mask();
    if (mask === undefined) return weights;
    const width = targets.values.length / Math.max(1, this.#tokens.length);
    return weights.map((weight, at) => weight * (mask[Math.floor(at / width)] ?? 0));
  }

  #mask(): Float32Array | undefined {
    return this.#reading.strict ? undefined : this.#vector('loss_mask', FACTORS);
  }

  #policy(): PolicyInputs {
    const { loss, strict } = this.#reading;
    const advantages = floats(this.#needed('advantages', ['float32']), 'advantages');
    // Only reinforce does not look at who drew the tokens.
    const old =
      loss === 'reinforce' ? this.#vector('logprobs') : floats(this.#needed('logprobs', ['float32']), 'logprobs');
    const mask = this.#vector('weights', strict ? ['float32'] : FACTORS) ?? this.#mask();
    const [clipLow, clipHigh] = [this.#vector('clip_low_threshold'), this.#vector('clip_high_threshold')];
    return {
      advantages,
      // A token without an advantage has nothing to say, not even by how far it has moved.
      mask: mask ?? advantages.map((advantage) => (advantage === 0 ? 0 : 1)),
      ...(old && { old }),
      ...(clipLow && { clipLow }),
      ...(clipHigh && { clipHigh }),
    };
  }

  #checkNames(): void {
    const { loss } = this.#reading;
    const known = ['target_tokens', ...(loss === 'cross_entropy' ? ['weights'] : POLICY_INPUTS)];
    const unknown = Object.keys(this.#datum.loss_fn_inputs).find((name) => !known.includes(name));
    if (unknown !== undefined)
      throw new Error(`loss_fn_inputs.${unknown} is not an input of ${loss} (${known.join(', ')})`);
  }

  #vector(name: string, dtypes: readonly Dtype[] = ['float32']): Float32Array | undefined {
    const found = this.#read(name, dtypes);
    return found === undefined ? undefined : floats(found, name);
  }

  #read(name: string, dtypes: readonly Dtype[]): Tensor | undefined {
    const bounds = { rows: this.#tokens.length, columns: this.#reading.config.vocab };
    return readTensor(this.#datum.loss_fn_inputs, name, dtypes, bounds);
  }

  #needed(name: string, dtypes: readonly Dtype[]): Tensor {
    const tensor = this.#read(name, dtypes);
    if (tensor === undefined) throw new Error(`loss_fn_inputs.${name} is missing`);
    return tensor;
  }
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
