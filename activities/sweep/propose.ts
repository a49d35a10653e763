/** The run that a trial is: the experiment with its parameters, under ids that follow from the sweep's. */
import { trialExperiment } from '../../domain/spec/trial-experiment.ts';
import { fieldChanges } from '../../domain/spec/spec-changes.ts';
import { PawlError } from '../../domain/words/failures-of-calls.ts';
import type { TrialParameters } from '../../domain/words/sweep.ts';
import { branchHex, branchRunId } from '../../domain/words/names.ts';
import { SWEEP_TAG, trialName, type PlannedTrial, type SweepInput } from '../../domain/words/sweep-workflow.ts';

export function planTrial(
  { sweepId, hex, spec: sweep, experiment }: SweepInput,
  { number, parameters, suite }: { number: number; parameters: TrialParameters; suite: string },
): PlannedTrial {
  const made = trialExperiment(asWritten(experiment), parameters);
  if (!made.ok) {
    const problems = made.issues.map(({ path, message }) => `${path.map(String).join('.')}: ${message}`);
    throw new PawlError(
      'InvalidRequest',
      `trial ${number} cannot be: ${problems.join('; ')}. Narrow its parameters in the sweep file`,
    );
  }
  const runHex = branchHex(hex, number + 1);
  const name = trialName(sweep.name, number);
  const tags = [...new Set([...(experiment.tags ?? []), SWEEP_TAG, sweepId])];
  const { account } = sweep.budget;
  const budget = { ...made.spec.budget, ...(account !== undefined && { account }) };
  const spec = { ...made.spec, name, tags, budget };
  const { data, train, checkpoint } = spec;
  return {
    run: {
      runId: branchRunId(name, runHex),
      runHex,
      spec,
      sweep: { sweepId, number, suite, judged: sweep.stopEarly !== undefined },
    },
    parameters,
    workPerStep: (data.batchByTokens ?? train.batchSize) * (train.accumulate ?? 1),
    every: checkpoint.every,
    // Of epochs: not known before its plan; then no end of it is expected before it is told.
    steps: train.steps === 0 ? Number.MAX_SAFE_INTEGER : train.steps,
  };
}

/** Where the experiment said epochs, a trial's number of steps is its own plan's. */
function asWritten(experiment: SweepInput['experiment']): SweepInput['experiment'] {
  return experiment.train.epochs === undefined
    ? experiment
    : { ...experiment, train: { ...experiment.train, steps: 0 } };
}

export function parametersText(parameters: TrialParameters): string {
  return fieldChanges({}, parameters)
    .map(({ path, after }) => `${path} ${typeof after === 'string' ? after : JSON.stringify(after)}`)
    .join(', ');
}
