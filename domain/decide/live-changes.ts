/** Whether a run can be changed while it goes on, and what that changes. Pure. */
import { liveField, peakRate, trainedWith, wrongLiveValue } from '../spec/live-settings.ts';
import type { Settings, SpecChange } from '../spec/spec-changes.ts';
import type { RunSpec } from '../spec/spec.ts';
import type { AskedChange, LiveChange } from '../words/live-changes.ts';
import type { Standing } from './interrupts.ts';
import { stepsToCheckpoint } from './windows.ts';

/** More are an experiment of their own; a run carries all of them. */
const MOST_CHANGES = 100;

export interface Changeable {
  readonly runId: string;
  readonly spec: Pick<RunSpec, 'train' | 'checkpoint'>;
  readonly changes: readonly LiveChange[];
  readonly asked: readonly AskedChange[];
  readonly standing: Standing;
  readonly stops: boolean;
  /** Trained so far. */
  readonly step: number;
}

type Judged = { readonly refusal: string } | { readonly changes: readonly SpecChange[]; readonly atLatest: number };

/** Either every setting can be, or none is. */
export function judgeSettings(run: Changeable, settings: Settings): Judged {
  const refusal = refusalOf(run, settings);
  if (refusal !== undefined) return { refusal };
  const changes = Object.entries(settings).flatMap(([name, after]): SpecChange[] => {
    const path = liveField(name) ?? name;
    const before = wantedNow(run, path);
    return before === after ? [] : [{ path, before, after }];
  });
  return { changes, atLatest: nextBoundary(run) };
}

/** In the words that a person is answered with; undefined: nothing speaks against it. */
function refusalOf(run: Changeable, settings: Settings): string | undefined {
  const refused = unsettable(run.runId, settings);
  if (refused !== undefined) return refused;
  const { standing, stops, changes, asked, runId } = run;
  if (standing === 'finishing' || standing === 'ended' || stops) {
    return `${runId} trains no more: it ends. ${branchRemedy(runId, settings)}`;
  }
  const { steps } = run.spec.train;
  if (steps > 0 && nextBoundary(run) >= steps) {
    return `the next saved state of ${runId} is its last, of step ${steps}: nothing would be trained with it. ${branchRemedy(runId, settings)}`;
  }
  if (changes.length + asked.length >= MOST_CHANGES) {
    return `${runId} was changed ${MOST_CHANGES} times already. ${branchRemedy(runId, settings)}`;
  }
  return undefined;
}

/** What no run could be set to: known without asking one. */
export function unsettable(runId: string, settings: Settings): string | undefined {
  if (Object.keys(settings).length === 0) return 'nothing is set. Name a field: train.optimizer.learningRate=1e-4';
  for (const [name, value] of Object.entries(settings)) {
    if (liveField(name) === undefined) {
      return `${name} cannot change while a run goes on; train.optimizer.learningRate can. ${branchRemedy(runId, settings)}`;
    }
    const wrong = wrongLiveValue(value);
    if (wrong !== undefined) return `${name}: ${wrong}`;
  }
  return undefined;
}

/** `pawl branch RUN --set …`, ready to be typed. */
function branchRemedy(runId: string, settings: Settings): string {
  const sets = Object.entries(settings).map(([name, value]) => `--set ${name}=${plain(value)}`);
  return `A run of its own that goes on from a checkpoint has it: pawl branch ${runId} ${sets.join(' ')}`;
}

function plain(value: unknown): string {
  return typeof value === 'string' ? value : JSON.stringify(value);
}

/** What is in force, unless something else is asked for already. */
function wantedNow({ spec, changes, asked }: Changeable, path: string): unknown {
  const waiting = asked.findLast((change) => change.path === path);
  return waiting === undefined ? peakRate(trainedWith(spec.train, changes), Infinity) : waiting.after;
}

/** Step of the state behind which a change takes effect, at the latest. Where nothing trains, that is the one there is. */
function nextBoundary({ spec, standing, step }: Changeable): number {
  const { train, checkpoint } = spec;
  if (standing !== 'live' || train.steps === 0) return step;
  return step + stepsToCheckpoint({ step, steps: train.steps, checkpointEvery: checkpoint.every });
}

/** What is asked for now, with what was asked before: of one field the last word counts. */
export function withAsked(before: readonly AskedChange[], changes: readonly AskedChange[]): readonly AskedChange[] {
  const replaced = new Set(changes.map(({ path }) => path));
  return [...before.filter(({ path }) => !replaced.has(path)), ...changes];
}

/** What takes effect now, from the step behind the saved one on. One that was taken back meanwhile changes nothing. */
export function takeEffect(
  { spec, changes }: Pick<Changeable, 'spec' | 'changes'>,
  asked: readonly AskedChange[],
  step: number,
): readonly LiveChange[] {
  const before = peakRate(trainedWith(spec.train, changes), Infinity);
  return asked
    .filter(({ after }) => after !== before)
    .map((change, index) => ({ ...change, before, number: changes.length + index + 1, fromStep: step + 1 }));
}
