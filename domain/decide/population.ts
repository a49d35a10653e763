/**
 * Population-based training: which member goes on from which, and with which parameters.
 *
 * M. Jaderberg et al., "Population based training of neural networks", 2017: truncation selection, and perturbation by
 * 0.8 or 1.2 or drawing anew; each member for itself, compared with what the others scored last.
 */
import { fieldChanges } from '../spec/spec-changes.ts';
import type { ParameterValue } from '../spec/search-space.ts';
import type { Population, SweepSpec } from '../spec/sweep-spec.ts';
import type { Exploit, Goal, TrialParameters, TrialScore, TrialState } from '../words/sweep.ts';
import { dimensionsOf, placeOf, pointOf, sameValue, valueAt, type Dimension } from './search/dimensions.ts';
import { randomValue } from './search/random-point.ts';
import { uniformAt } from './search/random.ts';

/** A place in the population, whatever runs have stood there. */
export interface Member {
  /** From 0. */
  readonly member: number;
  /** What it trains with now. */
  readonly parameters: TrialParameters;
  readonly state: TrialState;
  /** Of all its runs together. */
  readonly scores: readonly TrialScore[];
}

/** What is looked at: a member after its `round`-th interval (from 1), when the score of this order has just come. */
export interface Look {
  readonly member: number;
  readonly round: number;
  readonly order: number;
}

type Searched = Pick<SweepSpec, 'parameters' | 'seed' | 'population'> & { readonly goal: Goal };

/**
 * Whether the member goes on as it is, or from a better one. Only scores count that had come by then. A dead member is
 * nobody's example, and holds nobody up.
 */
export function exploit(searched: Searched, members: readonly Member[], look: Look): Exploit {
  const { population, goal, seed } = searched;
  const ranked = ranking(members, look, goal);
  const rank = ranked.findIndex(({ member }) => member.member === look.member);
  const own = ranked[rank];
  if (own === undefined) return { kind: 'keep', member: look.member, reason: 'it has no score yet' };
  const count = Math.min(Math.ceil(ranked.length * population.quantile), Math.floor(ranked.length / 2));
  const stand = `number ${rank + 1} of ${ranked.length} with ${short(own.score.value)}`;
  if (rank < ranked.length - count)
    return { kind: 'keep', member: look.member, reason: `${stand}: not among the last ${count}` };
  const at = { seed, number: look.member };
  const chosen = ranked[Math.floor(uniformAt({ ...at, purpose: 'whom to follow' }, look.round) * count)];
  if (chosen === undefined) return { kind: 'keep', member: look.member, reason: `${stand}: there is nobody to follow` };
  if (chosen.score.value === own.score.value) {
    return { kind: 'keep', member: look.member, reason: `${stand}: the best have no more` };
  }
  const after = explored(searched, chosen.member.parameters, look);
  return {
    kind: 'exploit',
    member: look.member,
    from: chosen.member.member,
    step: chosen.score.step,
    before: own.member.parameters,
    after,
    changes: fieldChanges(chosen.member.parameters, after),
    reason: `${stand}: among the last ${count}; goes on from member ${chosen.member.member}, which has ${short(chosen.score.value)} at step ${chosen.score.step}`,
  };
}

interface Ranked {
  readonly member: Member;
  readonly score: TrialScore;
}

/** By their last scores, the best first; of equal ones the older. */
function ranking(members: readonly Member[], { order }: Look, goal: Goal): Ranked[] {
  const sign = goal === 'maximize' ? -1 : 1;
  return members
    .filter(({ state }) => state === 'running' || state === 'finished')
    .flatMap((member) => {
      const known = member.scores.filter((score) => score.step > 0 && score.order <= order);
      const score = known.sort((one, other) => one.order - other.order).at(-1);
      return score === undefined ? [] : [{ member, score }];
    })
    .sort((one, other) => sign * (one.score.value - other.score.value) || one.score.order - other.score.order);
}

/** The other's parameters, each of them perturbed or drawn anew; what exists under conditions goes with them. */
function explored(
  { parameters, seed, population }: Searched,
  from: TrialParameters,
  { member, round }: Look,
): TrialParameters {
  const chance = (name: string, what: string): number =>
    uniformAt({ seed, number: member, purpose: `${what} ${name}` }, round);
  return pointOf(dimensionsOf(parameters), (dimension) => {
    const { name } = dimension;
    const value = from[name];
    const place = placeOf(dimension.form, value);
    const anew =
      value === undefined || place === undefined || chance(name, 'whether to resample') < population.resample;
    // Trial numbers end where these begin: a draw of its own for each member and round.
    if (anew) return randomValue(dimension, { seed, number: MOST_TRIALS + member * MOST_ROUNDS + round });
    return perturbed(dimension, { value, place }, { up: chance(name, 'which way for') >= 0.5, population });
  });
}

const MOST_TRIALS = 100_000;
const MOST_ROUNDS = 100_000;

function perturbed(
  { form }: Dimension,
  { value, place }: { value: ParameterValue; place: number },
  { up, population }: { up: boolean; population: Population },
): ParameterValue {
  if (form.kind === 'choice') {
    const last = form.values.length - 1;
    const next = Math.min(last, Math.max(0, place + (up ? 1 : -1)));
    return form.values[next] ?? value;
  }
  const factor = population.perturb[up ? 1 : 0];
  const raw = Number(value) * factor;
  if (form.step !== undefined) {
    // Rounded back to where it was, it would never move.
    const moved = Math.round(raw / form.step) * form.step;
    const far = sameValue(moved, value) ? Number(value) + (factor > 1 ? form.step : -form.step) : raw;
    return within(form, far);
  }
  return within(form, raw);
}

function within(form: Extract<Dimension['form'], { kind: 'number' }>, raw: number): number {
  // A logarithm needs something to be taken of.
  const inside = Math.min(form.most, Math.max(form.least, raw));
  return valueAt(form, form.log ? Math.log(inside) : inside);
}

function short(value: number): string {
  return String(Number(value.toPrecision(4)));
}
