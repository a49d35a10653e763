/**
 * What a policy needs to know of the evaluations so far, folded one by one: the same few numbers however many there were,
 * so that a run can carry them and a replay looks at each evaluation once.
 */
import type { Evaluation } from '../words/evaluation.ts';
import type { RunSpec } from '../spec/spec.ts';
import { gain } from './policy-scores.ts';

type Policy = RunSpec['policy'];

/** The last score that counted as a gain, and how many evaluations came after it. */
export interface Gains {
  readonly score: number;
  readonly without: number;
}

export interface Course {
  /** Evaluations of the judged suite, the baseline included. */
  readonly count: number;
  readonly baseline?: Evaluation;
  readonly latest?: Evaluation;
  /** The best of those before the latest, the earliest of equals. */
  readonly bestBefore?: Evaluation;
  /** By `policy.minGain`, and by that of the plateau. */
  readonly gains?: Gains;
  readonly plateauGains?: Gains;
}

export const NEW_COURSE: Course = { count: 0 };

export function withEvaluation(policy: Policy, course: Course, evaluation: Evaluation): Course {
  const bestBefore = bestOf(policy, course);
  const { plateau } = policy;
  return {
    count: course.count + 1,
    baseline: course.baseline ?? evaluation,
    latest: evaluation,
    ...(bestBefore !== undefined && { bestBefore }),
    gains: gained(policy, course.gains, policy.minGain, evaluation),
    ...(plateau !== undefined && {
      plateauGains: gained(policy, course.plateauGains, plateau.minGain, evaluation),
    }),
  };
}

export function courseOf(policy: Policy, evaluations: readonly Evaluation[]): Course {
  return evaluations.reduce((course, evaluation) => withEvaluation(policy, course, evaluation), NEW_COURSE);
}

/** The best of all, the earliest of equals; branches begin there. */
export function bestOf({ direction }: Policy, { latest, bestBefore }: Course): Evaluation | undefined {
  if (latest === undefined || bestBefore === undefined) return latest;
  return gain(direction, bestBefore.score, latest.score) > 0 ? latest : bestBefore;
}

function gained({ direction }: Policy, before: Gains | undefined, minGain: number, { score }: Evaluation): Gains {
  if (before === undefined || gain(direction, before.score, score) > minGain) return { score, without: 0 };
  return { score: before.score, without: before.without + 1 };
}
