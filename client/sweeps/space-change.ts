/** Another search space for a sweep that runs: parameters that take the place of others, checked as a sweep file is. */
import { readSweep, SweepSpec } from '../../domain/spec/sweep-spec.ts';
import { ALIASES } from '../../domain/spec/spec-changes.ts';
import type { StoredSweep, StoredSweepChange } from '../../store/rows/sweep-records.ts';
import { ExperimentError } from '../../files/experiment/experiment-error.ts';
import { problemsOf, type Problem } from '../../files/experiment/problems.ts';
import { readSettings } from '../../files/experiment/settings.ts';
import { pointProblems } from '../../files/sweep-points.ts';

/** The space as it is by now. */
export function spaceNow(
  { spec }: Pick<StoredSweep, 'spec'>,
  changes: readonly StoredSweepChange[],
): SweepSpec['parameters'] {
  return Object.assign(
    {},
    spec.parameters,
    ...changes.map(({ change }) => change.parameters ?? {}),
  ) as SweepSpec['parameters'];
}

/** `set`: `train.batchSize={values: [32]}`, the whole parameter. Fails with an `ExperimentError` that lists every problem. */
export function changedParameters(
  sweep: Pick<StoredSweep, 'spec' | 'experiment'>,
  space: SweepSpec['parameters'],
  set: readonly string[],
): SweepSpec['parameters'] {
  const settings = Object.fromEntries(
    Object.entries(readSettings(set, '--parameter ')).map(([name, value]) => [ALIASES[name] ?? name, value]),
  );
  const value = { ...sweep.spec, parameters: { ...space, ...settings } };
  const reading = readSweep(value);
  if (!reading.ok) throw errorOf(problemsOf(SweepSpec, value, reading.issues));
  const { parameters } = reading.sweep;
  const problems = pointProblems(reading.sweep, sweep.experiment);
  if (problems.length > 0) throw errorOf(problems);
  return Object.fromEntries(Object.entries(parameters).filter(([name]) => name in settings));
}

/** As it was given on the command line. */
function errorOf(problems: readonly Problem[]): ExperimentError {
  return new ExperimentError(
    problems.map(({ path, message }) => {
      const inside = path[0] === 'parameters' ? path.slice(1) : path;
      return `--parameter ${inside.map(String).join('.')}: ${message}`;
    }),
  );
}
