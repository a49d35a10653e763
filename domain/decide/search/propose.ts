/** What the next trial of a sweep tries: a function of the sweep, its seed, and the trials before it. */
import type { SweepSpec } from '../../spec/sweep-spec.ts';
import type { Goal, Proposal, Trial } from '../../words/sweep.ts';
import { dimensionsOf } from './dimensions.ts';
import { Grid } from './grid.ts';
import { randomPoint } from './random-point.ts';
import { tpePoint } from './tpe.ts';

/** What is searched, and by which rules: a sweep, or what it has become by changes since. */
export type Searched = Pick<SweepSpec, 'method' | 'parameters' | 'seed' | 'search'> & { readonly goal: Goal };

/**
 * Parameters of trial `number` (from 0). Trials with that number or a later one are not looked at, so that the answer
 * is the same whenever it is asked for again.
 */
export function propose(searched: Searched, trials: readonly Trial[], number: number): Proposal {
  const { method, parameters, seed } = searched;
  const before = trials.filter((trial) => trial.number < number);
  if (method === 'grid') return nextOfGrid(new Grid(parameters), before, number);
  const dimensions = dimensionsOf(parameters);
  const proposed = method === 'tpe' ? tpePoint(dimensions, before, { ...searched, number }) : undefined;
  return { kind: 'proposed', parameters: proposed ?? randomPoint(dimensions, { seed, number }) };
}

/** The first point that nobody has tried: where the space was changed meanwhile, nothing is tried again. */
function nextOfGrid(grid: Grid, before: readonly Trial[], number: number): Proposal {
  const tried = new Set(before.map(({ parameters }) => textOf(parameters)));
  // Whose parameters are not known here has one of the first points that are left.
  let ahead = number - before.length;
  for (let index = 0; ; index++) {
    const point = grid.point(index);
    if (point === undefined)
      return { kind: 'exhausted', reason: `each of the ${grid.size} points of the grid was tried` };
    if (tried.has(textOf(point))) continue;
    if (ahead === 0) return { kind: 'proposed', parameters: point };
    ahead--;
  }
}

/** However its fields are ordered. */
function textOf(parameters: Trial['parameters']): string {
  const names = Object.keys(parameters).sort();
  return JSON.stringify(names.map((name) => [name, parameters[name]]));
}

/** How many trials a sweep has when nothing cuts it short. */
export function plannedTrials({ method, parameters, trials, population }: SweepSpec): number {
  if (method === 'pbt') return population.size;
  if (method !== 'grid') return trials ?? 0;
  const points = new Grid(parameters).size;
  return Math.min(trials ?? points, points);
}
