/** What a sweep judges its trials by: what its file says, else what the policy of its experiment judges. */
import type { RunSpec } from '../spec/spec.ts';
import type { SweepSpec } from '../spec/sweep-spec.ts';
import { MAIN_SUITE, VALIDATION_LOSS } from '../words/names.ts';
import type { Goal } from '../words/sweep.ts';

interface Asked {
  readonly spec: Pick<SweepSpec, 'metric'>;
  readonly experiment: Pick<RunSpec, 'policy'>;
}

/** A suite, or `validation-loss`. */
export function suiteOf({ spec: { metric }, experiment: { policy } }: Asked): string {
  return metric.suite ?? policy.suite ?? MAIN_SUITE;
}

/** The policy's direction is that of the suite that it judges; of another one scores are better the higher, and losses the lower. */
export function goalOf(asked: Asked): Goal {
  const { metric } = asked.spec;
  const { policy } = asked.experiment;
  if (metric.goal !== undefined) return metric.goal;
  const suite = suiteOf(asked);
  if (suite === (policy.suite ?? MAIN_SUITE)) return policy.direction;
  return suite === VALIDATION_LOSS ? 'minimize' : 'maximize';
}

/** All that a trial of the experiment is scored by. */
export function suitesOf({ evaluate, data }: Pick<RunSpec, 'evaluate' | 'data'>): readonly string[] {
  const validated = data.holdout !== undefined || evaluate.loss !== undefined;
  return [MAIN_SUITE, ...Object.keys(evaluate.suites ?? {}), ...(validated ? [VALIDATION_LOSS] : [])];
}
