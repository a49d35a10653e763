/** Decisions: pure functions from recorded facts to a verdict with its reason. */
import type { Evaluation, Rewind, RunSpec, Verdict } from './contracts.ts';

export interface EvaluatedFacts {
  readonly policy: RunSpec['policy'];
  /** Every evaluation of the run so far, oldest first; the first one is the baseline. */
  readonly evaluations: readonly Evaluation[];
  readonly step: number;
  readonly steps: number;
}

/** The verdict on the newest evaluation. */
export function decide({ policy, evaluations, step, steps }: EvaluatedFacts): Verdict {
  const latest = evaluations.at(-1);
  if (latest === undefined) return { kind: 'continue', reason: 'nothing was evaluated yet' };
  const onTarget = judgeTarget(policy, latest);
  if (onTarget?.kind === 'stop') return onTarget;
  if (step >= steps) return { kind: 'stop', reason: `all ${steps} steps are done` };
  const impatient = judgePatience(policy, evaluations);
  if (impatient !== undefined) return impatient;
  return onTarget ?? { kind: 'continue', reason: continueReason(policy, evaluations) };
}

/** The evaluation with the best score, the earliest of equals. */
export function best(
  direction: RunSpec['policy']['direction'],
  evaluations: readonly Evaluation[],
): Evaluation | undefined {
  return evaluations.reduce<Evaluation | undefined>(
    (winner, candidate) =>
      winner === undefined || gain(direction, winner.score, candidate.score) > 0 ? candidate : winner,
    undefined,
  );
}

/** How much better `candidate` is than `reference`; negative when worse. */
function gain(direction: RunSpec['policy']['direction'], reference: number, candidate: number): number {
  return direction === 'maximize' ? candidate - reference : reference - candidate;
}

function judgeTarget(policy: RunSpec['policy'], latest: Evaluation): Verdict | undefined {
  const { target, direction } = policy;
  if (target === undefined || gain(direction, target, latest.score) < 0) return undefined;
  const worst = direction === 'maximize' ? latest.low : latest.high;
  if (gain(direction, target, worst) >= 0) {
    return { kind: 'stop', reason: `${scoreText(latest)} reaches the target ${percent(target)}, interval included` };
  }
  const margin = Math.abs(latest.score - target);
  const reach = Math.abs(latest.score - worst);
  return {
    kind: 'inconclusive',
    reason:
      `${scoreText(latest)} passes the target ${percent(target)}, but its interval does not` +
      (margin > 0 ? `; about ${moreSamples(latest.samples, reach, margin)} more prompts would settle it` : ''),
  };
}

/** An interval shrinks with the square root of its samples. */
function moreSamples(samples: number, reach: number, margin: number): number {
  return Math.max(1, Math.round(samples * (reach / margin) ** 2) - samples);
}

function judgePatience(policy: RunSpec['policy'], evaluations: readonly Evaluation[]): Verdict | undefined {
  if (policy.patience === undefined) return undefined;
  let bestScore: number | undefined;
  let bestAt = 0;
  for (const [index, { score }] of evaluations.entries()) {
    const improved =
      bestScore === undefined || gain(policy.direction, bestScore, score) > (index === 0 ? 0 : policy.minGain);
    if (!improved) continue;
    bestScore = score;
    bestAt = index;
  }
  const without = evaluations.length - 1 - bestAt;
  if (without < policy.patience) return undefined;
  return {
    kind: 'stop',
    reason: `no gain above ${percent(policy.minGain)} over ${percent(bestScore ?? 0)} in ${without} evaluations`,
  };
}

function continueReason(policy: RunSpec['policy'], evaluations: readonly Evaluation[]): string {
  const latest = evaluations.at(-1);
  const earlier = evaluations.slice(0, -1);
  if (latest === undefined) return 'nothing was evaluated yet';
  const champion = best(policy.direction, earlier);
  if (champion === undefined) return `baseline ${scoreText(latest)}`;
  const gained = gain(policy.direction, champion.score, latest.score);
  if (gained > 0) return `${scoreText(latest)}: ${percent(gained)} better than the best before`;
  return `${scoreText(latest)}: no better than ${percent(champion.score)} at step ${champion.step}`;
}

export interface TrainedFacts {
  readonly policy: RunSpec['policy'];
  readonly budget: RunSpec['budget'];
  readonly maxLossMean?: number;
  readonly nonFiniteStep?: number;
  readonly rentedHours: number;
  readonly costPerHour: number;
}

/** What a window itself shows acts at once. Undefined: go on. `diverged` weights are not worth keeping. */
export function judgeWindow(facts: TrainedFacts): (Verdict & { diverged: boolean }) | undefined {
  const { policy, budget, maxLossMean, nonFiniteStep, rentedHours } = facts;
  if (nonFiniteStep !== undefined) {
    return { kind: 'stop', reason: `the loss of step ${nonFiniteStep} is not a finite number`, diverged: true };
  }
  if (policy.maxLoss !== undefined && maxLossMean !== undefined && maxLossMean > policy.maxLoss) {
    const reason = `a step's loss of ${maxLossMean.toFixed(3)} is above policy.maxLoss ${policy.maxLoss}`;
    return { kind: 'stop', reason, diverged: true };
  }
  if (budget.maxHours !== undefined && rentedHours >= budget.maxHours) {
    return { kind: 'stop', reason: `budget.maxHours of ${budget.maxHours} is used up`, diverged: false };
  }
  const cost = rentedHours * facts.costPerHour;
  if (budget.maxCost !== undefined && cost >= budget.maxCost) {
    return { kind: 'stop', reason: `budget.maxCost of ${budget.maxCost} is used up`, diverged: false };
  }
  return undefined;
}

/** Why a run must not rewind once more; undefined: it may. */
export function judgeRewinds(recovery: RunSpec['recovery'], rewinds: readonly Rewind[]): string | undefined {
  if (rewinds.length > recovery.maxRewinds) return `recovery.maxRewinds of ${recovery.maxRewinds} is used up`;
  const lostHours = rewinds.reduce((sum, { seconds }) => sum + seconds, 0) / 3600;
  if (lostHours > recovery.maxLostHours) return `recovery.maxLostHours of ${recovery.maxLostHours} is used up`;
  return undefined;
}

function scoreText({ metric, score }: Evaluation): string {
  return `${metric} ${percent(score)}`;
}

function percent(value: number): string {
  return `${(value * 100).toFixed(1)} %`;
}
