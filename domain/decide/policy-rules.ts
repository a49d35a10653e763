/** The rules that a policy is made of: each has its word on the newest evaluation, or none. */
import type { Evaluation } from '../words/evaluation.ts';
import type { RunSpec } from '../spec/spec.ts';
import type { Verdict } from '../words/run.ts';
import { bestOf, type Course, type Gains } from './course.ts';
import { gain } from './policy-scores.ts';
import { amount, noiseText, scoreText } from './policy-text.ts';

type Policy = RunSpec['policy'];

/** A verdict, and what it means for the weights. */
export interface Judgement extends Verdict {
  /** The weights are not worth keeping. */
  readonly diverged?: true;
  /** The checkpoint that is the run's result, where it is not the one that was judged. */
  readonly keep?: string;
}

/** Answers that are nearly certain of every token have nothing left to learn from: the model collapsed. */
export function judgeEntropy(policy: Policy, { latest, bestBefore }: Course): Judgement | undefined {
  const { minEntropy } = policy;
  if (latest?.entropy === undefined || minEntropy === undefined || latest.entropy >= minEntropy) return undefined;
  const keep = bestBefore?.checkpoint;
  return {
    kind: 'stop',
    reason: `an entropy of ${latest.entropy.toFixed(3)} nats per token is below policy.minEntropy ${minEntropy}`,
    diverged: true,
    ...(keep !== undefined && { keep }),
  };
}

export function judgeTarget(policy: Policy, latest: Evaluation): Judgement | undefined {
  const { target, direction } = policy;
  if (target === undefined || gain(direction, target, latest.score) < 0) return undefined;
  const worst = worstOf(direction, latest);
  if (gain(direction, target, worst) >= 0) {
    return {
      kind: 'stop',
      reason: `${scoreText(latest)} reaches the target ${amount(latest, target)}, interval included`,
    };
  }
  const more = promptsToSettle(target, latest, worst);
  return {
    kind: 'inconclusive',
    reason:
      `${scoreText(latest)} passes the target ${amount(latest, target)}, but its interval does not` +
      (more === undefined ? '' : `; about ${more} more prompts would settle it`),
  };
}

/** An interval shrinks with the square root of its prompts. None settle what lies on the target itself. */
function promptsToSettle(target: number, latest: Evaluation, worst: number): number | undefined {
  const { score, prompts = latest.samples } = latest;
  const margin = Math.abs(score - target);
  if (margin === 0) return undefined;
  const reach = Math.abs(score - worst);
  return Math.max(1, Math.round(prompts * (reach / margin) ** 2) - prompts);
}

/** An estimate that falls short is not corrected prompt by prompt. */
const LEAST_GROWTH = 1.5;

/**
 * How many prompts to ask in all, where the evaluation leaves it open whether the target is reached, and the policy
 * wants that settled; undefined: leave it at that. `asked` is how many were asked, of the `prompts` that there are.
 */
export function settleLimit(
  policy: Policy,
  candidate: Evaluation,
  { asked, prompts }: { asked: number; prompts: number },
): number | undefined {
  const { settle, target, direction } = policy;
  if (settle !== true || target === undefined || asked >= prompts) return undefined;
  if (judgeTarget(policy, candidate)?.kind !== 'inconclusive') return undefined;
  const more = promptsToSettle(target, candidate, worstOf(direction, candidate)) ?? Infinity;
  return Math.min(prompts, Math.max(asked + more, Math.ceil(asked * LEAST_GROWTH)));
}

/** The end of the interval that speaks against the score. */
function worstOf(direction: Policy['direction'], { low, high }: Evaluation): number {
  return direction === 'maximize' ? low : high;
}

export function judgePatience(policy: Policy, { gains, latest }: Course): Judgement | undefined {
  if (policy.patience === undefined) return undefined;
  const { patience, minGain } = policy;
  const reason = withoutGain({ patience, minGain }, gains, latest);
  return reason === undefined ? undefined : { kind: 'stop', reason };
}

/** Branches begin at the best checkpoint, and without any the run stops. */
export function judgePlateau(policy: Policy, course: Course): Judgement | undefined {
  const { plateau } = policy;
  if (plateau === undefined) return undefined;
  const reason = withoutGain(plateau, course.plateauGains, course.latest);
  if (reason === undefined) return undefined;
  const keep = bestOf(policy, course)?.checkpoint;
  if (plateau.branches === undefined || keep === undefined) return { kind: 'stop', reason: `plateau: ${reason}` };
  const branches = plateau.branches.map(changesText).join(' | ');
  return { kind: 'branch', reason: `plateau: ${reason}; branches from ${keep}: ${branches}`, keep };
}

function changesText(changes: Readonly<Record<string, unknown>>): string {
  return Object.entries(changes)
    .map(([path, value]) => `${path}=${String(value)}`)
    .join(', ');
}

function withoutGain(
  { patience, minGain }: { patience: number; minGain: number },
  gains: Gains | undefined,
  latest: Evaluation | undefined,
): string | undefined {
  if (latest === undefined || gains === undefined || gains.without < patience) return undefined;
  const { score, without } = gains;
  const noise = noiseText(latest, score);
  const since = without === 1 ? '1 evaluation' : `${without} evaluations`;
  return `no gain above ${amount(latest, minGain)} over ${amount(latest, score)} in ${since}${noise}`;
}

/** What there is to say where no rule has anything to say. */
export function progress({ direction }: Policy, { bestBefore: champion }: Course, latest: Evaluation): string {
  if (champion === undefined) return `baseline ${scoreText(latest)}`;
  const gained = gain(direction, champion.score, latest.score);
  const noise = noiseText(latest, champion.score);
  if (gained > 0) return `${scoreText(latest)}: ${amount(latest, gained)} better than the best before${noise}`;
  return `${scoreText(latest)}: no better than ${amount(latest, champion.score)} at step ${champion.step}${noise}`;
}
