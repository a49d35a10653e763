/** Decisions: pure functions from recorded facts to a verdict with its reason. */
import type { Checkpoint } from '../words/checkpoint.ts';
import { VALIDATION_LOSS } from '../words/names.ts';
import type { RunSpec } from '../spec/spec.ts';
import { judgeEntropy, judgePatience, judgePlateau, judgeTarget, progress, type Judgement } from './policy-rules.ts';
import type { Course } from './course.ts';

interface EvaluatedFacts {
  readonly policy: RunSpec['policy'];
  /** Of the judged suite, up to the evaluation that is judged. */
  readonly course: Course;
  readonly step: number;
  readonly steps: number;
}

/** The verdict on the newest evaluation. */
export function decide({ policy, course, step, steps }: EvaluatedFacts): Judgement {
  const { latest } = course;
  if (latest === undefined) return { kind: 'continue', reason: 'nothing was evaluated yet' };
  const collapsed = judgeEntropy(policy, course);
  if (collapsed !== undefined) return collapsed;
  const onTarget = judgeTarget(policy, latest);
  if (onTarget?.kind === 'stop') return onTarget;
  if (step >= steps) return allDone(steps);
  const stuck = judgePlateau(policy, course) ?? judgePatience(policy, course);
  return stuck ?? onTarget ?? { kind: 'continue', reason: progress(policy, course, latest) };
}

interface CheckpointFacts {
  readonly policy: RunSpec['policy'];
  /** Up to the checkpoint that is judged. */
  readonly course: Course;
  readonly checkpoint: Checkpoint;
  readonly steps: number;
}

/** The verdict on a checkpoint that was evaluated; a suite that was not due there has no say. */
export function decideOn({ policy, course, checkpoint, steps }: CheckpointFacts): Judgement {
  if (course.latest?.checkpoint === checkpoint.name) {
    return decide({ policy, course, step: checkpoint.step, steps });
  }
  if (checkpoint.step >= steps) return allDone(steps);
  const { suite = '' } = policy;
  const absent = suite === VALIDATION_LOSS ? 'the validation loss is not known' : `suite ${suite} is not due`;
  return { kind: 'continue', reason: `${absent} at step ${checkpoint.step}` };
}

function allDone(steps: number): Judgement {
  return { kind: 'stop', reason: `all ${steps} steps are done` };
}
