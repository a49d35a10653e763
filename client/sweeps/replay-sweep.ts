/** What another rule of stopping had made of a recorded sweep, and saved: nothing is trained or asked for it. */
import { replayStops, type ReplayedTrial } from '../../domain/decide/stopping/replay-stops.ts';
import { SweepSpec } from '../../domain/spec/sweep-spec.ts';
import { fieldChanges, withSettings, type SpecChange } from '../../domain/spec/spec-changes.ts';
import type { StoredSweep, StoredTrial } from '../../store/rows/sweep-records.ts';
import { factsBefore } from '../../store/rows/trial-facts.ts';
import { UserError } from '../errors.ts';
import { ExperimentError } from '../../files/experiment/experiment-error.ts';
import { problemsOf } from '../../files/experiment/problems.ts';
import { readSettings } from '../../files/experiment/settings.ts';

export interface SweepReplay {
  readonly sweepId: string;
  readonly changes: readonly SpecChange[];
  readonly trials: readonly ReplayedTrial[];
  /** Steps that were trained, and those of them that the rule had saved. */
  readonly steps: number;
  readonly savedSteps: number;
}

/** `set`: fields of the sweep file, as `stopEarly.reduction=4`. */
export function replaySweep(
  { sweepId, spec, goal }: StoredSweep,
  trials: readonly StoredTrial[],
  set: readonly string[],
): SweepReplay {
  const changed = withSettings(spec, readSettings(set));
  const parsed = SweepSpec.safeParse(changed);
  if (!parsed.success) {
    const problems = problemsOf(SweepSpec, changed, parsed.error.issues);
    throw new ExperimentError(problems.map(({ path, message }) => `--set ${path.map(String).join('.')}: ${message}`));
  }
  const { stopEarly, seed } = parsed.data;
  if (stopEarly === undefined) {
    throw new UserError(
      `${sweepId} stops nothing early, so there is no rule to replay.`,
      'Give one: --set stopEarly.rule=asha --set stopEarly.minSteps=50.',
    );
  }
  const known = factsBefore(trials, Number.POSITIVE_INFINITY);
  const replayed = replayStops({ stopEarly, seed, goal }, known);
  return {
    sweepId,
    changes: fieldChanges(spec, parsed.data),
    trials: replayed,
    steps: known.reduce((sum, { scores }) => sum + (scores.at(-1)?.step ?? 0), 0),
    savedSteps: replayed.reduce((sum, { savedSteps }) => sum + savedSteps, 0),
  };
}
