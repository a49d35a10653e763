/** Loads a schedule file, and reads what a schedule names: when it is added, and again each time that it fires. */
import { dirname, resolve } from 'node:path';
import { ScheduleSpec } from '../domain/spec/schedule-spec.ts';
import { RunSpec } from '../domain/spec/spec.ts';
import { withSettings } from '../domain/spec/spec-changes.ts';
import { filledIn, hasPlaceholders, timeOf } from '../domain/words/calendar.ts';
import type { Schedule } from '../domain/words/schedule.ts';
import { ExperimentError } from './experiment/experiment-error.ts';
import { loadExperiment, openYaml } from './experiment/experiment-file.ts';
import { startProblems } from './experiment/start-checks.ts';
import { problemsOf, type Problem } from './experiment/problems.ts';
import { loadSweep, type LoadedSweep } from './sweep-file.ts';

export interface LoadedSchedule {
  readonly schedule: Omit<Schedule, 'askedBy'>;
  /** With its place in the file. */
  readonly errorOf: (problems: readonly Problem[]) => ExperimentError;
}

/** Fails with an `ExperimentError` that lists every problem, those of the experiment or sweep included. */
export async function loadSchedule(file: string, nowMs = Date.now()): Promise<LoadedSchedule> {
  const { value, errorOf } = await openYaml(file);
  const parsed = ScheduleSpec.safeParse(value);
  if (!parsed.success) throw errorOf(problemsOf(ScheduleSpec, value, parsed.error.issues));
  const spec = withAbsolutes(parsed.data, dirname(resolve(file)));
  if (spec.until !== undefined && Date.parse(spec.until) <= nowMs) {
    const message = `${parsed.data.until ?? ''} is over, so it would never fire. Move it, or leave it out.`;
    throw errorOf([{ path: ['until'], message }]);
  }
  try {
    // Whatever a file is called by its day comes to be there by then.
    const subject = await readSubject(spec, { nominalMs: nowMs, later: true });
    if (spec.startFrom !== undefined)
      startingWith(subject, { model: spec.startFrom, runId: 'run', checkpoint: 'last' });
  } catch (error) {
    throw error instanceof ExperimentError ? placed(error, spec, errorOf) : error;
  }
  return { schedule: { spec, file: resolve(file) }, errorOf };
}

function withAbsolutes(spec: ScheduleSpec, folder: string): ScheduleSpec {
  const { experiment, sweep, from, until, timeZone } = spec;
  const at = (text: string): string => new Date(timeOf(text, timeZone)).toISOString();
  return {
    ...spec,
    ...(experiment !== undefined && { experiment: resolve(folder, experiment) }),
    ...(sweep !== undefined && { sweep: resolve(folder, sweep) }),
    ...(from !== undefined && { from: at(from) }),
    ...(until !== undefined && { until: at(until) }),
  };
}

/** What `set` made wrong is told where it stands in the schedule file; the rest stands in the file that it names. */
function placed(error: ExperimentError, spec: ScheduleSpec, errorOf: LoadedSchedule['errorOf']): ExperimentError {
  const problems = error.problems.map((line) => {
    const field = Object.keys(spec.set).find((name) =>
      ['=', ':'].some((end) => line.startsWith(`--set ${name}${end}`)),
    );
    if (field === undefined && !line.startsWith(START)) return line;
    const path = field === undefined ? ['startFrom'] : ['set', field];
    const message = line.slice(line.indexOf(': ') + 2);
    return errorOf([{ path, message }]).problems[0] ?? line;
  });
  return new ExperimentError(problems, { cause: error });
}

/** How a line begins that tells what is wrong with the weights to begin with. */
const START = 'startFrom: ';

export type Subject =
  { readonly kind: 'run'; readonly spec: RunSpec } | { readonly kind: 'sweep'; readonly loaded: LoadedSweep };

/** The experiment or sweep as it is now, with what the schedule sets. `later`: what a placeholder names need not be there. */
export async function readSubject(
  { name, timeZone, experiment, sweep, set }: ScheduleSpec,
  { nominalMs, later = false }: { nominalMs: number; later?: boolean },
): Promise<Subject> {
  const filled = filledIn(set, { nominalMs, timeZone, name }) as Record<string, unknown>;
  const overrides = Object.entries(filled).map(([field, value]) => `${field}=${JSON.stringify(value)}`);
  if (experiment === undefined) return { kind: 'sweep', loaded: await loadSweep(sweep ?? '', { set: overrides }) };
  const awaited = later ? Object.keys(set).filter((field) => hasPlaceholders(set[field])) : [];
  return { kind: 'run', spec: await loadExperiment(experiment, { set: overrides, awaited }) };
}

/** What an alias stands for: the model that was promoted, and the checkpoint that it was made of. */
interface Champion {
  readonly model: string;
  readonly runId: string;
  readonly checkpoint: string;
}

/** With the weights to begin with: of adapters the promoted model, which is kept; of whole models the checkpoint. */
export function startingWith(subject: Subject, champion: Champion): Subject {
  if (subject.kind === 'run') return { ...subject, spec: started(subject.spec, champion) };
  const { loaded } = subject;
  return { ...subject, loaded: { ...loaded, experiment: started(loaded.experiment, champion) } };
}

function started(spec: RunSpec, { model, runId, checkpoint }: Champion): RunSpec {
  const startFrom = spec.model.lora === undefined ? `${runId}@${checkpoint}` : model;
  const changed = RunSpec.parse(withSettings(spec, { 'train.startFrom': startFrom }));
  const problems = startProblems(changed);
  if (problems.length > 0) throw new ExperimentError(problems.map(({ message }) => `${START}${message}`));
  return changed;
}
