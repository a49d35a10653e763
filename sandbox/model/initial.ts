/** A base model's weights: a seeded random start, so that what a run learns is its own. */
import { layoutOf, viewOf, type ModelConfig } from './layout.ts';
import { fillNormal, uniformOf } from './random.ts';

/** The weights of a base model; a function of its configuration and seed alone. */
export function initialWeights(config: ModelConfig, seed: string): Float32Array {
  const layout = layoutOf(config);
  const weights = new Float32Array(layout.size);
  for (const tensor of layout.tensors) {
    const view = viewOf(weights, tensor);
    if (tensor.initStd === undefined) view.fill(1);
    else fillNormal(view, tensor.initStd, uniformOf(`${seed}/${tensor.name}`));
  }
  return weights;
}
