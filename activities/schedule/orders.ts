/** What people ask of schedules, done by a worker: at Temporal and in the store. */
import { PawlError } from '../../domain/words/failures-of-calls.ts';
import type {
  Firing,
  ScheduleActivities,
  ScheduleAnswer,
  ScheduleOrder,
  ScheduleSight,
} from '../../domain/words/schedule.ts';
import type { Store } from '../../store/index.ts';
import type { StoredSchedule } from '../../store/rows/schedule-records.ts';
import { signal } from '../guard.ts';
import { audit, type AuditPorts } from './audit.ts';
import { firing, type FiringPorts } from './fire.ts';

type Of<Verb extends ScheduleOrder['verb']> = Extract<ScheduleOrder, { readonly verb: Verb }>;
type Resting = Extract<ScheduleOrder, { readonly verb: 'pause' | 'resume' }>;

export function scheduling(ports: FiringPorts): ScheduleActivities {
  return {
    ...firing(ports),
    orderSchedule: async (order) => obey(ports, order),
    async auditSchedules() {
      for (const stored of await ports.store.schedules()) await audit(ports, stored);
    },
  };
}

async function obey(ports: AuditPorts, order: ScheduleOrder): Promise<ScheduleAnswer> {
  if (order.verb === 'put') return put(ports, order);
  if (order.verb === 'remove') return remove(ports, order);
  if (order.verb === 'fire') return fire(ports, order);
  if (order.verb === 'backfill') return backfill(ports, order);
  if (order.verb === 'look') return { sights: await looks(ports, order.names) };
  return rest(ports, order);
}

/** Nothing is changed where anything of it is refused. */
async function put({ store, desk, directory }: AuditPorts, { schedule, replace }: Of<'put'>): Promise<ScheduleAnswer> {
  const { name } = schedule.spec;
  const before = await store.schedule(name);
  const isThere = before !== undefined && before.removedAt === undefined;
  const isSame = isThere && JSON.stringify(before.spec) === JSON.stringify(schedule.spec);
  if (isThere && !replace && !isSame) {
    const message = `there is a schedule "${name}" already. Choose another name, or give --replace`;
    return { refused: [{ path: ['name'], message }] };
  }
  const refused = await desk.tryOut(schedule);
  if (refused.length > 0) return { refused };
  // By the calendar that it had.
  if (isThere) await audit({ store, desk, directory }, before);
  await desk.put(schedule);
  await store.saveSchedule(schedule);
  if (!isSame) {
    if (isThere) await store.markSchedule(name, { auditedUntil: new Date().toISOString() });
    const message = `${isThere ? 'changed' : 'added'} by ${schedule.askedBy}`;
    await tell(store, name, message);
  }
  return sightOf({ store, desk, directory }, name);
}

async function rest(ports: AuditPorts, { verb, name, by, note }: Resting): Promise<ScheduleAnswer> {
  const { store, desk } = ports;
  const stored = await known(store, name);
  // What was due until now is told by the state that it was in.
  await audit(ports, stored);
  const why = `${note === undefined ? '' : `${note}, `}by ${by}`;
  const at = new Date().toISOString();
  if (verb === 'pause') {
    await desk.pause(name, why);
    await store.markSchedule(name, { pausedSince: stored.pausedSince ?? at, pauseNote: why });
  } else {
    await desk.resume(name, why);
    await store.markSchedule(name, { pausedSince: null, pauseNote: null, auditedUntil: at });
  }
  await tell(store, name, verb === 'pause' ? `paused: ${why}` : `it goes on: ${why}`);
  return sightOf(ports, name);
}

async function remove(ports: AuditPorts, { name, by }: Of<'remove'>): Promise<ScheduleAnswer> {
  const { store, desk } = ports;
  await audit(ports, await known(store, name));
  await desk.remove(name);
  await store.markSchedule(name, { removedAt: new Date().toISOString() });
  await tell(store, name, `removed by ${by}`);
  return {};
}

async function fire(ports: AuditPorts, { name, by, overlap }: Of<'fire'>): Promise<ScheduleAnswer> {
  const { store, desk } = ports;
  const { spec } = await known(store, name);
  const running = (overlap ?? spec.overlap) === 'skip' ? await goingOn(ports, name) : undefined;
  if (running !== undefined) {
    throw new PawlError(
      'InvalidRequest',
      `${running.subject ?? 'an earlier firing'} still goes on, and overlap is skip: it would be skipped. ` +
        'Give --overlap wait, cancel-other or allow.',
    );
  }
  await desk.fire(name, overlap);
  await tell(store, name, `fired by hand, by ${by}`);
  return {};
}

/** By its own record: Temporal tells of what it just started a moment later. */
async function goingOn({ store, desk, directory }: AuditPorts, name: string): Promise<Firing | undefined> {
  for (const running of await store.runningFirings(name)) {
    const id = desk.workflowId(name, Date.parse(running.nominalAt));
    if ((await directory.endOf(id, signal())) === undefined) return running;
  }
  return undefined;
}

async function backfill(
  ports: AuditPorts,
  { name, by, from, until, overlap }: Of<'backfill'>,
): Promise<ScheduleAnswer> {
  const { store, desk } = ports;
  await known(store, name);
  const span = { from: new Date(from), until: new Date(until) };
  // Temporal begins after the first moment, as it asks for the times; who writes a day means the whole of it.
  const due = await desk.due(name, { ...span, from: new Date(span.from.getTime() - 1) });
  await desk.backfill(name, { ...span, overlap });
  await tell(store, name, `backfilled from ${from} until ${until}, ${due.length} times, by ${by}`);
  return { times: due.map((at) => at.toISOString()) };
}

async function looks(ports: AuditPorts, names: readonly string[] | undefined): Promise<Record<string, ScheduleSight>> {
  const sights: Record<string, ScheduleSight> = {};
  for (const stored of await ports.store.schedules()) {
    if (names !== undefined && !names.includes(stored.name)) continue;
    const sight = await audit(ports, stored);
    if (sight !== undefined) sights[stored.name] = sight;
  }
  return sights;
}

async function sightOf({ desk }: AuditPorts, name: string): Promise<ScheduleAnswer> {
  const sight = await desk.look(name);
  return sight === undefined ? {} : { sights: { [name]: sight } };
}

async function known(store: Store, name: string): Promise<StoredSchedule> {
  const stored = await store.schedule(name);
  if (stored !== undefined && stored.removedAt === undefined) return stored;
  throw new PawlError('InvalidRequest', `there is no schedule "${name}". \`pawl schedule list\` shows them.`);
}

async function tell(store: Store, name: string, message: string): Promise<void> {
  await store.addScheduleEvent(name, { key: `${new Date().toISOString()}/${message}`, message });
}
