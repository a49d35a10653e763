/** Decisions: pure functions from recorded facts to a verdict with its reason. */
import type { Checkpoint } from '../words/checkpoint.ts';
import type { CheckpointReport } from '../words/run.ts';
import type { Evaluation } from '../words/evaluation.ts';
import type { RunSpec } from '../spec/spec.ts';
import { judgeEntropy, judgePatience, judgePlateau, judgeTarget, progress, type Judgement } from './policy-rules.ts';
import { judgedEvaluations } from './policy-scores.ts';

interface EvaluatedFacts {
  readonly policy: RunSpec['policy'];
  /** Every evaluation of the judged suite so far, oldest first; the first one is the baseline. */
  readonly evaluations: readonly Evaluation[];
  readonly step: number;
  readonly steps: number;
}

/** The verdict on the newest evaluation. */
export function decide({ policy, evaluations, step, steps }: EvaluatedFacts): Judgement {
  const latest = evaluations.at(-1);
  if (latest === undefined) return { kind: 'continue', reason: 'nothing was evaluated yet' };
  const collapsed = judgeEntropy(policy, evaluations);
  if (collapsed !== undefined) return collapsed;
  const onTarget = judgeTarget(policy, latest);
  if (onTarget?.kind === 'stop') return onTarget;
  if (step >= steps) return allDone(steps);
  const stuck = judgePlateau(policy, evaluations) ?? judgePatience(policy, evaluations);
  return stuck ?? onTarget ?? { kind: 'continue', reason: progress(policy, evaluations, latest) };
}

interface CheckpointFacts {
  readonly policy: RunSpec['policy'];
  /** Of every checkpoint up to the one that is judged. */
  readonly reports: readonly CheckpointReport[];
  readonly checkpoint: Checkpoint;
  readonly steps: number;
}

/** The verdict on a checkpoint that was evaluated; a suite that was not due there has no say. */
export function decideOn({ policy, reports, checkpoint, steps }: CheckpointFacts): Judgement {
  const evaluations = judgedEvaluations(policy, reports);
  if (evaluations.at(-1)?.checkpoint === checkpoint.name) {
    return decide({ policy, evaluations, step: checkpoint.step, steps });
  }
  if (checkpoint.step >= steps) return allDone(steps);
  return { kind: 'continue', reason: `suite ${policy.suite ?? ''} is not due at step ${checkpoint.step}` };
}

function allDone(steps: number): Judgement {
  return { kind: 'stop', reason: `all ${steps} steps are done` };
}
