/** Times that came and went without a firing are written down, with why: a schedule that did not fire is never silent. */
import { toldOfUnfired } from '../../domain/decide/told-of-schedules.ts';
import { unfired } from '../../domain/decide/schedule/unfired.ts';
import { durationMs } from '../../domain/words/calendar.ts';
import type { Firing, ScheduleSight } from '../../domain/words/schedule.ts';
import type { Store } from '../../store/index.ts';
import type { StoredSchedule } from '../../store/rows/schedule-records.ts';
import { signal } from '../guard.ts';
import { UNKNOWN_TO_TEMPORAL, type RunDirectory } from '../upkeep/reconcile.ts';
import type { ScheduleDesk } from './desk.ts';
import { endOfFired } from './end-of-fired.ts';

export interface AuditPorts {
  readonly store: Store;
  readonly desk: ScheduleDesk;
  readonly directory: RunDirectory;
}

/** What is due is on its way for a moment. */
const UNDER_WAY_MS = 10_000;
/** Of one look; the next one goes on. */
const FIRINGS_LOOKED_AT = 2_000;
/** As many as Temporal tells at once. */
const DUE_TOLD = 1_000;

/** What Temporal says of it now; undefined: it knows no such schedule. */
export async function audit(ports: AuditPorts, stored: StoredSchedule): Promise<ScheduleSight | undefined> {
  const { store, desk, directory } = ports;
  const sight = await desk.look(stored.name);
  if (sight === undefined) return undefined;
  await noteForeignPause(store, stored, sight);
  await noteEnds(ports, stored.name);
  const from = new Date(stored.auditedUntil);
  const until = new Date(horizonMs(stored, sight));
  if (until <= from) return sight;
  const due = (await desk.due(stored.name, { from, until })).map((at) => at.getTime());
  const { spec, name } = stored;
  const jitterMs = durationMs(spec.jitter ?? '') ?? 0;
  const since = new Date(from.getTime() - jitterMs).toISOString();
  const firings = await store.firings(name, { limit: FIRINGS_LOOKED_AT, since });
  const { overlap, catchUp } = spec;
  for (const { atMs, ...why } of unfired({ due, fired: firings.map(timesOf), overlap, jitterMs, catchUp })) {
    const end = await directory.endOf(desk.workflowId(name, atMs), signal());
    // Its workflow may wait for a worker: then it is late, and not lost.
    if (end === undefined) continue;
    const began = end.fate !== UNKNOWN_TO_TEMPORAL;
    const found = began ? ({ state: 'missed', reason: `its workflow ${end.fate} before it began` } as const) : why;
    const nominalAt = new Date(atMs).toISOString();
    await store.noteUnfired(name, nominalAt, { ...found, told: toldOfUnfired(spec, nominalAt, found) });
  }
  // Of too many times Temporal tells the first: the next look goes on there.
  const last = due.length < DUE_TOLD ? until : new Date(due.at(-1) ?? until);
  await store.markSchedule(name, { auditedUntil: last.toISOString() });
  return sight;
}

/** A firing that was cut off can write nothing down; what it started goes on, and is asked after until it is over. */
async function noteEnds({ store, desk, directory }: AuditPorts, name: string): Promise<void> {
  for (const { nominalAt, subject } of await store.runningFirings(name)) {
    const watch = await directory.endOf(desk.workflowId(name, Date.parse(nominalAt)), signal());
    if (watch === undefined || Date.now() - (watch.at?.getTime() ?? 0) < UNDER_WAY_MS) continue;
    const end =
      subject === undefined
        ? { state: 'failed' as const, reason: `it ${watch.fate}` }
        : await endOfFired({ store, directory }, subject);
    if (end !== null) await store.endFiring(name, nominalAt, end);
  }
}

/** Whoever paused it in Temporal itself did so at some time since it was last looked at. */
async function noteForeignPause(store: Store, stored: StoredSchedule, sight: ScheduleSight): Promise<void> {
  if (sight.paused === (stored.pausedSince !== undefined)) return;
  const at = new Date().toISOString();
  const note = sight.note ?? 'in Temporal itself';
  await store.markSchedule(stored.name, {
    pausedSince: sight.paused ? at : null,
    pauseNote: sight.paused ? note : null,
    ...(!sight.paused && { auditedUntil: at }),
  });
  const message = sight.paused ? `paused: ${note}` : `it goes on: ${note}`;
  await store.addScheduleEvent(stored.name, { key: `foreign/${at}`, message });
}

/** Until then everything that was to fire has: what is due later, waits for a run to end, or rests, has not. */
function horizonMs({ pausedSince, spec }: StoredSchedule, { next, running }: ScheduleSight): number {
  const limits = [Date.now() - UNDER_WAY_MS];
  if (pausedSince !== undefined) limits.push(Date.parse(pausedSince));
  if (next[0] !== undefined) limits.push(Date.parse(next[0]) - 1);
  const waits = spec.overlap === 'wait' || spec.overlap === 'cancel-other';
  if (waits) limits.push(...running.map((nominalAt) => Date.parse(nominalAt)));
  return Math.min(...limits);
}

function timesOf({ nominalAt, firedAt, endedAt, subject }: Firing) {
  return {
    nominalMs: Date.parse(nominalAt),
    ...(firedAt !== undefined && { firedMs: Date.parse(firedAt) }),
    ...(endedAt !== undefined && { endedMs: Date.parse(endedAt) }),
    ...(subject !== undefined && { subject }),
  };
}
