/** Where a base model's weights come from: a seed, or the file of a model that was promoted. */
import { readFileSync } from 'node:fs';
import { floatsOf } from '../snapshots/codec.ts';
import { initialWeights } from './initial.ts';
import { layoutOf, type ModelConfig } from './layout.ts';

export type WeightSource = { readonly seed: string } | { readonly file: string };

export function readWeights(config: ModelConfig, source: WeightSource): Float32Array {
  if ('seed' in source) return initialWeights(config, source.seed);
  const weights = floatsOf(readFileSync(source.file));
  if (weights.length !== layoutOf(config).size) throw new Error(`${source.file} holds weights of another model`);
  return weights;
}
