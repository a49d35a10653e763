/** Who wins a sweep: the best of those that were asked again, by what they scored then. */
import type { Goal } from '../words/sweep.ts';
import type { ConfirmedScore, Finalist, Winner } from '../words/sweep-winner.ts';

/** What a finalist scored when it was asked again; absent: it could not be asked. */
export interface AskedAgain {
  readonly finalist: Finalist;
  readonly confirmed?: ConfirmedScore;
}

/** Of equals the older. Undefined: none of them has a score. */
export function winnerOf(goal: Goal, asked: readonly AskedAgain[]): Winner | undefined {
  const sign = goal === 'maximize' ? 1 : -1;
  const scored = asked.flatMap(({ finalist, confirmed }) =>
    confirmed === undefined || !Number.isFinite(confirmed.score) ? [] : [{ finalist, confirmed }],
  );
  const [best] = scored.toSorted(
    (one, other) => sign * (other.confirmed.score - one.confirmed.score) || one.finalist.number - other.finalist.number,
  );
  if (best === undefined) return undefined;
  const { appraisal: _, ...finalist } = best.finalist;
  return { ...finalist, confirmed: best.confirmed };
}
