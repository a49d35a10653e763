/** Points of a sweep's space that make no experiment. */
import { RunSpec } from '../domain/spec/spec.ts';
import type { SweepSpec } from '../domain/spec/sweep-spec.ts';
import { badPoints } from '../domain/spec/trial-experiment.ts';
import { problemsOf, type Problem } from './experiment/problems.ts';

/** A point of the space that makes no experiment is told before anything is submitted, by the parameter that is to blame. */
export function pointProblems({ parameters }: SweepSpec, experiment: RunSpec): Problem[] {
  return badPoints(experiment, parameters).flatMap(({ parameter, value, experiment: tried, issues }) =>
    problemsOf(RunSpec, tried, issues).map(({ path, message }) => ({
      path: ['parameters', parameter],
      message: `with ${JSON.stringify(value)}, ${path.map(String).join('.')} ${message}`,
    })),
  );
}
