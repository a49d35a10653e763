/** Loads a sweep file: YAML in, a valid sweep and the experiment that it tries out, or every problem with its remedy. */
import { dirname, resolve } from 'node:path';
import { RunSpec } from '../domain/spec/spec.ts';
import { readSweep, SweepSpec } from '../domain/spec/sweep-spec.ts';
import { suiteOf, suitesOf } from '../domain/decide/sweep-metric.ts';
import { promptsReference } from '../domain/words/prompts.ts';
import { contradictions, unreadableFiles } from './experiment/checks.ts';
import {
  loadExperiment,
  openYaml,
  openYamlBytes,
  withAbsolutePaths,
  type LoadOptions,
  type YamlFile,
} from './experiment/experiment-file.ts';
import { notifyProblems } from './experiment/notify-checks.ts';
import { problemsOf, type Problem } from './experiment/problems.ts';
import { choiceProblems } from './sweep-choice.ts';
import { pointProblems } from './sweep-points.ts';

export interface LoadedSweep {
  readonly spec: SweepSpec;
  /** With absolute paths. */
  readonly experiment: RunSpec;
}

/** `set` changes fields of the sweep, as `trials=8`. Fails with an `ExperimentError` that lists every problem found. */
export async function loadSweep(file: string, { set = [], channels }: LoadOptions = {}): Promise<LoadedSweep> {
  return readSweepFile(await openYaml(file, { set }), { folder: dirname(resolve(file)), channels });
}

/** The same of what was sent: its paths count from `folder`. */
export async function loadSweepText(
  text: string,
  { folder, channels }: Pick<LoadOptions, 'channels'> & { readonly folder: string },
): Promise<LoadedSweep> {
  return readSweepFile(openYamlBytes('sweep', Buffer.from(text), {}), { folder, channels });
}

async function readSweepFile(
  { value, errorOf }: YamlFile,
  { folder, channels }: Pick<LoadOptions, 'channels'> & { readonly folder: string },
): Promise<LoadedSweep> {
  const reading = readSweep(value);
  if (!reading.ok) throw errorOf(problemsOf(SweepSpec, value, reading.issues));
  const unbuilt = notYet(reading.sweep);
  if (unbuilt.length > 0) throw errorOf(unbuilt);
  const spec = withAbsolutePrompts(reading.sweep, folder);
  const experiment =
    typeof spec.experiment === 'string'
      ? await loadExperiment(resolve(folder, spec.experiment), { channels })
      : await inlineExperiment(spec.experiment, folder, errorOf);
  const problems = [
    ...notifyProblems(spec.notify, channels),
    ...pointProblems(spec, experiment),
    ...metricProblems(spec, experiment),
    ...reuseProblems(spec, experiment),
    ...(await choiceProblems(spec, experiment)),
  ];
  if (problems.length > 0) throw errorOf(problems);
  return { spec, experiment };
}

function withAbsolutePrompts(spec: SweepSpec, folder: string): SweepSpec {
  const { confirm } = spec;
  if (confirm === undefined || promptsReference(confirm.prompts).kind !== 'file') return spec;
  return { ...spec, confirm: { ...confirm, prompts: resolve(folder, confirm.prompts) } };
}

async function inlineExperiment(
  value: unknown,
  folder: string,
  errorOf: (problems: readonly Problem[]) => Error,
): Promise<RunSpec> {
  const inside = (problems: readonly Problem[]): Problem[] =>
    problems.map((problem) => ({ ...problem, path: ['experiment', ...problem.path] }));
  const parsed = RunSpec.safeParse(value);
  if (!parsed.success) throw errorOf(inside(problemsOf(RunSpec, value, parsed.error.issues)));
  const spec = withAbsolutePaths(parsed.data, folder);
  const problems = [...contradictions(spec), ...(await unreadableFiles(spec))];
  if (problems.length > 0) throw errorOf(inside(problems));
  return spec;
}

/** A score that no trial has would leave nothing to choose by. */
function metricProblems(spec: SweepSpec, experiment: RunSpec): Problem[] {
  const suite = suiteOf({ spec, experiment });
  const known = suitesOf(experiment);
  if (known.includes(suite)) return [];
  return [
    {
      path: ['metric', 'suite'],
      message: `the experiment has no suite "${suite}". Its trials are scored by: ${known.join(', ')}.`,
    },
  ];
}

/** Who asks a frozen model beside the trained one, or leaves a deployment behind, has machines that nobody can take over. */
function reuseProblems({ machines }: SweepSpec, { loop, deployment }: RunSpec): Problem[] {
  if (machines !== 'reuse') return [];
  const of =
    loop === 'preference'
      ? 'preferences (loop: preference)'
      : deployment.onFinish === 'delete'
        ? undefined
        : `deployment.onFinish: ${deployment.onFinish}`;
  if (of === undefined) return [];
  return [{ path: ['machines'], message: `reuse does not go with ${of}. Leave it out: each trial rents its own.` }];
}

/** Named in the design, and not built: refused rather than left out in silence. */
function notYet({ method, metric }: SweepSpec): Problem[] {
  const problems: Problem[] = [];
  const refuse = (path: readonly string[], instead: string): void => {
    problems.push({ path, message: `is not there yet. ${instead}` });
  };
  if (method === 'pbt') refuse(['method'], 'Use grid, random or tpe.');
  if (metric.name !== undefined) refuse(['metric', 'name'], 'Name a suite: metric: {suite: main}.');
  return problems;
}
