/** What a branch is asked to be, made into a run: which checkpoint, which fields changed; or why that cannot be. */
import { resolve } from 'node:path';
import type { StoreReader, StoredCheckpoint, StoredRun } from '../activities/store/index.ts';
import {
  parentAt,
  RunSpec,
  specChanges,
  withSettings,
  type RunInput,
  type Settings,
  type SpecChange,
} from '../workflows/contracts.ts';
import { UserError } from './errors.ts';
import { contradictions, unreadableFiles } from './experiment/checks.ts';
import { problemsOf, type Problem } from './experiment/problems.ts';
import { ExperimentError, withAbsolutePaths } from './experiment-file.ts';
import { newRunInput } from './run-id.ts';

export interface BranchRequest {
  /** A step, the name of a checkpoint, `best` or `last`; default: last. */
  readonly at?: string;
  /** Fields of the experiment by path; null takes an optional one away. Paths of files count from the present folder. */
  readonly settings?: Settings;
  /** Of the branch; default: the parent's. */
  readonly name?: string;
}

/** A run that goes on from a checkpoint of another one. */
export interface Branch {
  readonly runId: string;
  readonly parent: { readonly runId: string; readonly checkpoint: string; readonly step: number };
  /** None: a repetition of what the parent did. */
  readonly changes: readonly SpecChange[];
}

export async function branchInput(
  reader: StoreReader,
  runId: string,
  { at = 'last', settings = {}, name }: BranchRequest,
): Promise<RunInput> {
  const run = await reader.getRun(runId);
  const { checkpoint } = checkpointAt(run, await reader.checkpointReports(runId), at);
  const { plan } = run;
  if (plan === undefined) throw new UserError(`${runId} was never planned.`, 'Branch a run that has a checkpoint.');
  const spec = await branchSpec(run, { settings, name, step: checkpoint.step });
  const changes = specChanges({ ...run.spec, name: spec.name }, spec);
  return { ...newRunInput(spec), parent: parentAt(runId, checkpoint, { plan, changes }) };
}

/** The checkpoint that a person means; where a step was saved more than once, the last time counts. */
export function checkpointAt(
  { runId, spec }: Pick<StoredRun, 'runId' | 'spec'>,
  checkpoints: readonly StoredCheckpoint[],
  at: string,
): StoredCheckpoint {
  const found = at === 'best' ? bestOf(checkpoints, spec.policy.direction) : checkpoints.findLast(meant(at));
  if (found !== undefined) return found;
  if (checkpoints.length === 0) {
    throw new UserError(`${runId} has no checkpoint yet.`, `Wait for its first one: pawl show ${runId} --follow.`);
  }
  const list = checkpoints.map(({ checkpoint }) => `${checkpoint.name} (step ${checkpoint.step})`).join(', ');
  const wanted = at === 'best' ? 'no checkpoint with a score' : `no checkpoint "${at}"`;
  throw new UserError(`${runId} has ${wanted}.`, `There are ${list}; or give @best or @last.`);
}

function meant(at: string): (row: StoredCheckpoint) => boolean {
  if (at === 'last') return () => true;
  if (/^\d+$/.test(at)) return ({ checkpoint }) => checkpoint.step === Number(at);
  return ({ checkpoint }) => checkpoint.name === at || checkpoint.identity === at;
}

/** The earliest of equals, as the policy has it. */
function bestOf(
  checkpoints: readonly StoredCheckpoint[],
  direction: RunSpec['policy']['direction'],
): StoredCheckpoint | undefined {
  const sign = direction === 'maximize' ? 1 : -1;
  const worth = ({ evaluation }: StoredCheckpoint): number =>
    evaluation === undefined ? Number.NEGATIVE_INFINITY : sign * evaluation.score;
  const top = Math.max(...checkpoints.map(worth));
  return checkpoints.find((row) => row.evaluation !== undefined && worth(row) === top);
}

async function branchSpec(
  run: StoredRun,
  { settings, name, step }: { settings: Settings; name: string | undefined; step: number },
): Promise<RunSpec> {
  const value = withSettings(run.spec, name === undefined ? settings : { ...settings, name });
  const report = (problems: readonly Problem[]): ExperimentError =>
    new ExperimentError(problems.map(({ path, message }) => `--set ${path.map(String).join('.')}: ${message}`));
  const parsed = RunSpec.safeParse(value);
  if (!parsed.success) throw report(problemsOf(RunSpec, value, parsed.error.issues));
  const spec = withAbsolutePaths(parsed.data, resolve());
  const problems = [
    ...unfitting(specChanges(run.spec, spec)),
    ...nothingLeft(spec, step),
    ...contradictions(spec),
    ...(await unreadableFiles(spec)),
  ];
  if (problems.length > 0) throw report(problems);
  return spec;
}

/** A saved state is one of a certain model: another one cannot load it. */
const OF_THE_MODEL = /^model\.(base|tokenizer|lora)(\.|$)/;

export function unfitting(changes: readonly SpecChange[]): Problem[] {
  return changes
    .filter(({ path }) => OF_THE_MODEL.test(path))
    .map(({ path }) => ({
      path: path.split('.'),
      message:
        'a branch goes on with its parent’s weights, so it cannot have another model. Start a run: pawl run FILE.',
    }));
}

function nothingLeft({ train }: RunSpec, step: number): Problem[] {
  if (train.epochs !== undefined || train.steps > step) return [];
  const message = `${train.steps} steps in all, and the checkpoint is of step ${step}: nothing is left to train. Set more.`;
  return [{ path: ['train', 'steps'], message }];
}
