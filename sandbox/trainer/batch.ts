/** Datums as the engine takes them; what depends on the model (vocabulary, context) is checked here. */
import { CallError } from '../child.ts';
import type { Sequence } from '../model/engine.ts';
import type { ModelConfig } from '../model/layout.ts';
import type { Datum } from './schemas.ts';

/** Throws a failure of category `user` that names the datum. */
export function sequencesOf(data: readonly Datum[], config: ModelConfig): Sequence[] {
  return data.map((datum, index) => {
    try {
      return sequenceOf(datum, config);
    } catch (error) {
      const why = error instanceof Error ? error.message : String(error);
      throw new CallError({ message: `datum ${index}: ${why}`, category: 'user' });
    }
  });
}

function sequenceOf(datum: Datum, config: ModelConfig): Sequence {
  const tokens = datum.model_input.chunks.flatMap((chunk) => chunk.tokens);
  const length = tokens.length;
  if (length === 0) throw new Error('model_input has no tokens');
  if (length > config.context) throw new Error(`${length} tokens do not fit the context of ${config.context}`);
  const targets = tensor(datum, 'target_tokens', 'int64', length);
  const weights = tensor(datum, 'weights', 'float32', length);
  for (const id of [...tokens, ...targets]) {
    if (!Number.isInteger(id) || id < 0 || id >= config.vocab) {
      throw new Error(`token id ${id} is not in the vocabulary of ${config.vocab}`);
    }
  }
  const floats = Float32Array.from(weights);
  if (!floats.every(Number.isFinite)) throw new Error('weights do not fit float32');
  return { tokens: Int32Array.from(tokens), targets: Int32Array.from(targets), weights: floats };
}

function tensor(datum: Datum, name: string, dtype: string, length: number): readonly number[] {
  const found = Object.hasOwn(datum.loss_fn_inputs, name) ? datum.loss_fn_inputs[name] : undefined;
  if (found === undefined) throw new Error(`loss_fn_inputs.${name} is missing`);
  if (found.dtype !== dtype) throw new Error(`loss_fn_inputs.${name} must be ${dtype}`);
  if (found.shape !== undefined && (found.shape.length !== 1 || found.shape[0] !== found.data.length)) {
    throw new Error(`loss_fn_inputs.${name} must have shape [${found.data.length}]`);
  }
  if (found.data.length !== length) {
    throw new Error(`loss_fn_inputs.${name} has ${found.data.length} values for ${length} input tokens`);
  }
  return found.data;
}
