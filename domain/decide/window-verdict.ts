/** What training itself says: a bad step and a spent budget act at once. */
import { judgeBudget, type Used } from './budget.ts';
import type { WindowResult } from '../words/training.ts';
import type { RunSpec } from '../spec/spec.ts';
import { notFinite } from './step-rules.ts';

interface TrainedFacts {
  readonly policy: RunSpec['policy'];
  readonly budget: RunSpec['budget'];
  readonly used: Used;
  readonly result: Pick<WindowResult, 'badStep' | 'nonFiniteStep' | 'maxLossMean'>;
}

/** Undefined: go on. `diverged` weights are not worth keeping. */
export function judgeWindow(facts: TrainedFacts): { reason: string; diverged: boolean } | undefined {
  const { policy, budget, used, result } = facts;
  const diverged = divergence(policy, result);
  if (diverged !== undefined) return { reason: diverged, diverged: true };
  const spent = judgeBudget(budget, used);
  return spent === undefined ? undefined : { reason: spent, diverged: false };
}

function divergence(
  policy: RunSpec['policy'],
  { badStep, nonFiniteStep, maxLossMean }: TrainedFacts['result'],
): string | undefined {
  if (badStep !== undefined) return badStep.reason;
  // An activity of version 0.1.0 knows no bad steps.
  if (nonFiniteStep !== undefined) return notFinite(nonFiniteStep);
  if (policy.maxLoss === undefined || maxLossMean === undefined || maxLossMean <= policy.maxLoss) return undefined;
  return `a step's loss of ${maxLossMean.toFixed(3)} is above policy.maxLoss ${policy.maxLoss}`;
}
