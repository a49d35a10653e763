/** What a branch is asked to be, made into a run: which checkpoint, which fields changed; or why that cannot be. */
import { resolve } from 'node:path';
import type { StoredRun } from '../../store/index.ts';
import { parentAt, type Parent } from '../../domain/words/branches.ts';
import { type SpecChange } from '../../domain/spec/spec-changes.ts';
import { RunSpec } from '../../domain/spec/spec.ts';
import { fieldChanges, type Settings } from '../../domain/spec/spec-changes.ts';
import type { RunInput } from '../../domain/words/run.ts';
import type { FoundCheckpoint } from './checkpoint-reference.ts';
import { UserError } from '../errors.ts';
import { unfitting } from '../../files/experiment/branch-checks.ts';
import { contradictions, unreadableFiles } from '../../files/experiment/checks.ts';
import { problemsOf, type Problem } from '../../files/experiment/problems.ts';
import { ExperimentError } from '../../files/experiment/experiment-error.ts';
import { withAbsolutePaths } from '../../files/experiment/experiment-file.ts';
import { changed } from '../../files/experiment/settings.ts';
import { newRunInput } from '../runs/run-id.ts';

export interface BranchRequest {
  /** Fields of the experiment by path; null takes an optional one away. Paths of files count from the present folder. */
  readonly settings?: Settings;
  /** Of the branch; default: the parent's. */
  readonly name?: string;
  /** Eight hex digits that its id is to end with: asked twice with the same ones, it is one branch. Default: drawn. */
  readonly hex?: string;
}

/** A run that goes on from a checkpoint of another one. */
export interface Branch {
  readonly runId: string;
  readonly parent: { readonly runId: string; readonly checkpoint: string; readonly step: number };
  /** None: a repetition of what the parent did. */
  readonly changes: readonly SpecChange[];
}

export async function branchInput(
  { run, row: { checkpoint } }: Pick<FoundCheckpoint, 'run' | 'row'>,
  { settings = {}, name, hex }: BranchRequest,
): Promise<RunInput & { readonly parent: Parent }> {
  const { runId, plan } = run;
  if (plan === undefined) throw new UserError(`${runId} was never planned.`, 'Branch a run that has a checkpoint.');
  const spec = await branchSpec(run, { settings, name, step: checkpoint.step });
  const changes = fieldChanges({ ...run.spec, name: spec.name }, spec);
  return { ...newRunInput(spec, hex), parent: parentAt(runId, checkpoint, { plan, changes }) };
}

async function branchSpec(
  run: StoredRun,
  { settings, name, step }: { settings: Settings; name: string | undefined; step: number },
): Promise<RunSpec> {
  const value = changed(run.spec, name === undefined ? settings : { ...settings, name });
  const report = (problems: readonly Problem[]): ExperimentError =>
    new ExperimentError(problems.map((problem) => settingProblem(settings, problem)));
  const parsed = RunSpec.safeParse(value);
  if (!parsed.success) throw report(problemsOf(RunSpec, value, parsed.error.issues));
  const spec = withAbsolutePaths(parsed.data, resolve());
  const problems = [
    ...unfitting(fieldChanges(run.spec, spec)),
    ...nothingLeft(spec, step),
    ...contradictions(spec),
    ...(await unreadableFiles(spec)),
  ];
  if (problems.length > 0) throw report(problems);
  return spec;
}

/** What was set is to blame, also for a field of the parent that it does not go together with. */
function settingProblem(settings: Settings, { path, message, against }: Problem): string {
  const field = path.map(String).join('.');
  const blamed = against !== undefined && !(field in settings) && against in settings;
  return blamed ? `--set ${against}: ${field}: ${message}` : `--set ${field}: ${message}`;
}

function nothingLeft({ train }: RunSpec, step: number): Problem[] {
  if (train.epochs !== undefined || train.steps > step) return [];
  const message = `${train.steps} steps in all, and the checkpoint is of step ${step}: nothing is left to train. Set more.`;
  return [{ path: ['train', 'steps'], message }];
}
