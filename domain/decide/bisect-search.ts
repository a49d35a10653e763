/** Which of several checkpoints in a row was the first to be worse: where to look next, from what was found. Pure. */
import type { Standing } from '../words/serving.ts';

export type SearchStep =
  | { readonly kind: 'probe'; readonly index: number }
  | { readonly kind: 'found' | 'inconclusive'; readonly lastGood: number; readonly firstBad: number }
  /** Not even the last one is worse than the first beyond chance. */
  | { readonly kind: 'no-fall'; readonly lastGood: number; readonly firstBad: number };

/**
 * The first of `count` is good by definition, and the last is looked at before any other. One that noise hides is passed
 * over for its neighbours; where only such ones are left, the answer is the range they are in.
 */
export function nextStep(count: number, standings: ReadonlyMap<number, Standing>): SearchStep {
  const last = count - 1;
  const end = standings.get(last);
  if (end === undefined) return { kind: 'probe', index: last };
  if (end !== 'fell') return { kind: 'no-fall', lastGood: 0, firstBad: last };
  const indices = Array.from({ length: count }, (_, index) => index);
  const firstBad = indices.find((index) => standings.get(index) === 'fell') ?? last;
  const lastGood =
    indices.findLast((index) => index < firstBad && (index === 0 || standings.get(index) === 'held')) ?? 0;
  const middle = (lastGood + firstBad) / 2;
  const open = indices.filter((index) => index > lastGood && index < firstBad && !standings.has(index));
  const nearest = open.sort((one, other) => Math.abs(one - middle) - Math.abs(other - middle))[0];
  if (nearest !== undefined) return { kind: 'probe', index: nearest };
  return { kind: firstBad - lastGood === 1 ? 'found' : 'inconclusive', lastGood, firstBad };
}
