/** Which checkpoint people mean by what they write behind the run's name: a step, a name, `best`, `last`. */
import { MAIN_SUITE } from '../../domain/words/names.ts';
import type { RunSpec } from '../../domain/spec/spec.ts';
import type { CheckpointPlace } from './records.ts';

export type NamedPlace =
  | { readonly kind: 'step'; readonly step: number }
  | { readonly kind: 'name'; readonly name: string }
  | { readonly kind: 'best' }
  | { readonly kind: 'last' };

export function namedPlace(text: string): NamedPlace {
  if (text === 'best' || text === 'last') return { kind: text };
  return /^\d+$/.test(text) ? { kind: 'step', step: Number(text) } : { kind: 'name', name: text };
}

/** As the store finds it, the best one by the run's policy. */
export function placeOf(at: NamedPlace, { direction, suite }: RunSpec['policy']): CheckpointPlace {
  if (at.kind !== 'best') return at;
  return { kind: 'best', direction, ...(suite !== undefined && suite !== MAIN_SUITE && { suite }) };
}
