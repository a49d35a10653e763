/** A firing: what it is about is read, pinned and written down before anything is started; its end is written down, too. */
import { createHash } from 'node:crypto';
import { withPinnedDate } from '../../files/experiment/pinned-date.ts';
import { ExperimentError } from '../../files/experiment/experiment-error.ts';
import { readSubject, startingWith, type Subject } from '../../files/schedule-file.ts';
import { toldOfFiring, toldOfPause } from '../../domain/decide/told-of-schedules.ts';
import type { RunSpec } from '../../domain/spec/spec.ts';
import { PawlError } from '../../domain/words/failures-of-calls.ts';
import { branchRunId } from '../../domain/words/names.ts';
import { SCHEDULE_TAG, type FiringPlan, type Schedule, type ScheduleActivities } from '../../domain/words/schedule.ts';
import { SWEEP_TAG } from '../../domain/words/sweep-workflow.ts';
import type { Store } from '../../store/index.ts';
import type { ImportPorts } from '../data/import-dataset.ts';
import { rememberForRetry, signal } from '../guard.ts';
import type { Provisioner } from '../ports.ts';
import { chatOf, pinData } from '../run/pin-data.ts';
import type { RunDirectory } from '../upkeep/reconcile.ts';
import type { ScheduleDesk } from './desk.ts';
import { endOfFired } from './end-of-fired.ts';

export interface FiringPorts extends ImportPorts {
  readonly store: Store;
  readonly desk: ScheduleDesk;
  readonly directory: RunDirectory;
  readonly shapes: Pick<Provisioner, 'resolveShape'>;
}

export function firing(ports: FiringPorts): Pick<ScheduleActivities, 'openFiring' | 'lookFired' | 'closeFiring'> {
  const { store, desk } = ports;

  return {
    async openFiring({ schedule, nominalAt }) {
      const { name } = schedule.spec;
      if ((await store.schedule(name)) === undefined) await store.saveSchedule(schedule);
      const known = await store.firing(name, nominalAt);
      if (known?.plan !== undefined) return known.plan;
      const opened = await planFiring(ports, schedule, Date.parse(nominalAt));
      const told = toldOfFiring(schedule.spec, nominalAt, opened.plan);
      return store.openFiring(name, nominalAt, { ...opened, told });
    },

    lookFired: async ({ id }) => endOfFired(ports, id),

    async closeFiring({ schedule: { spec }, nominalAt, state, reason }) {
      const { name } = spec;
      const note = `the firing of ${nominalAt} failed: ${reason}`;
      const pauses = state === 'failed' && spec.pauseOnFailure;
      const told = pauses ? toldOfPause(spec, nominalAt, note) : [];
      await store.endFiring(name, nominalAt, { state, reason, told });
      if (!pauses) return;
      await store.addScheduleEvent(name, { key: `failed/${nominalAt}`, message: `paused: ${note}` });
      if ((await store.schedule(name))?.pausedSince !== undefined) return;
      await desk.pause(name, note);
      await store.markSchedule(name, { pausedSince: new Date().toISOString(), pauseNote: note });
    },
  };
}

interface Opened {
  readonly plan: FiringPlan;
  readonly dataHash?: string;
}

async function planFiring(ports: FiringPorts, schedule: Schedule, nominalMs: number): Promise<Opened> {
  const { spec } = schedule;
  const subject = await subjectOf(ports.store, schedule, nominalMs);
  const hex = markOf(spec.name, nominalMs);
  if (subject.kind === 'sweep') {
    const { loaded } = subject;
    const sweepId = branchRunId(loaded.spec.name, hex);
    const experiment = tagged(await withPinnedDate(loaded.experiment), [SCHEDULE_TAG, spec.name]);
    const input = { sweepId, hex, spec: loaded.spec, experiment, askedBy: `schedule ${spec.name}` };
    return { plan: { kind: 'sweep', id: sweepId, input } };
  }
  const pinned = tagged(await withPinnedDate(subject.spec), [SCHEDULE_TAG, spec.name]);
  const runId = branchRunId(pinned.name, hex);
  const plan: FiringPlan = { kind: 'run', id: runId, input: { runId, runHex: hex, spec: pinned } };
  if (!spec.onlyIfChanged) return { plan };
  const dataHash = await hashOfData(ports, pinned);
  const last = await ports.store.lastData(spec.name);
  if (last?.dataHash !== dataHash) return { plan, dataHash };
  const reason = `the data is that of ${last.subject ?? 'the last run'} (${dataHash.slice(0, 12)}): nothing is rented`;
  return { plan: { kind: 'nothing', state: 'unchanged', reason }, dataHash };
}

/**
 * The files as they are now, and the champion of now: trials of a sweep are planned later, one after the other, and must begin
 * alike. What is wrong with the files will not mend itself.
 */
async function subjectOf(store: Store, { spec }: Schedule, nominalMs: number): Promise<Subject> {
  try {
    const subject = await readSubject(spec, { nominalMs });
    const champion = spec.startFrom === undefined ? undefined : await championOf(store, spec.startFrom);
    return champion === undefined ? subject : startingWith(subject, champion);
  } catch (cause) {
    if (!(cause instanceof ExperimentError)) throw cause;
    throw new PawlError('InvalidRequest', cause.problems.join('; '), { cause });
  }
}

/** Undefined: nothing was promoted yet, and the first run of many begins with the base model. */
async function championOf(store: Store, alias: string) {
  const [champion] = await store.champions(alias.slice('alias:'.length));
  if (champion?.model === undefined) return undefined;
  const { model, runId, checkpoint } = champion;
  return { model, runId, checkpoint };
}

/** The mark of what a time of a schedule starts: the same, whoever starts it. */
function markOf(name: string, nominalMs: number): string {
  return createHash('sha256')
    .update(`${name}/${new Date(nominalMs).toISOString()}`)
    .digest('hex')
    .slice(0, 8);
}

function tagged(spec: RunSpec, tags: readonly string[]): RunSpec {
  const others = (spec.tags ?? []).filter((tag) => tag !== SWEEP_TAG);
  return { ...spec, tags: [...new Set([...others, ...tags])] };
}

/** As the run will pin it, which then finds it made. */
async function hashOfData({ artifacts, compute, shapes }: FiringPorts, spec: RunSpec): Promise<string> {
  const date = new Date().toISOString().slice(0, 'YYYY-MM-DD'.length);
  const shape = await shapes.resolveShape(spec.model.shape, signal());
  const { hash } = await pinData({ artifacts, compute }, spec, {
    chat: chatOf(spec, date),
    contextTokens: shape.maxContextTokens,
    signal: signal(),
    onUnpacked: (file, bytes) => rememberForRetry({ unpacked: { file, bytes } }),
  });
  return hash;
}
