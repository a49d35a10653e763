/** Schedules on a real Temporal server with a real store, whose runs only wait. */
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { Client, Connection } from '@temporalio/client';
import { bundleWorkflowCode, DefaultLogger, NativeConnection, Runtime, Worker } from '@temporalio/worker';
import { appendFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { stringify } from 'yaml';
import { createScheduleActivities } from '../../activities/index.ts';
import { packageRoot } from '../../client/local/paths.ts';
import type { TemporalServer } from '../../client/local/temporal-server.ts';
import type { Firing, ScheduleAnswer, ScheduleOrder } from '../../domain/words/schedule.ts';
import { loadSchedule } from '../../files/schedule-file.ts';
import { openArtifacts } from '../../store/artifacts/artifacts.ts';
import { openStore, type Store } from '../../store/index.ts';
import { openRunDirectory } from '../../worker/run-directory.ts';
import { openScheduleDesk } from '../../worker/schedule-desk.ts';
import { testPool } from '../compute/pool.ts';
import { writeExperiment } from '../e2e/experiment.ts';
import { temporaryFolder } from '../local/support.ts';
import { temporalIn } from '../local/temporal.ts';
import { PLAN } from '../workflows/platform-that-answers.ts';

const TASK_QUEUE = 'schedules';
const folder = temporaryFolder();
const compute = testPool();
let server: TemporalServer;
let store: Store;
let client: Client;
let close: () => Promise<void>;
let experiment: string;

beforeAll(async () => {
  Runtime.install({ logger: new DefaultLogger('ERROR', () => undefined), shutdownSignals: [] });
  server = await temporalIn(folder);
  const connection = await NativeConnection.connect({ address: server.address });
  const clientConnection = await Connection.connect({ address: server.address });
  client = new Client({ connection: clientConnection });
  store = await openStore({ path: join(folder, 'pawl.db') });
  experiment = writeExperiment(join(folder, 'experiment'));
  const worker = await Worker.create({
    connection,
    taskQueue: TASK_QUEUE,
    workflowBundle: await bundleWorkflowCode({
      workflowsPath: join(packageRoot(), 'test', 'schedules', 'waiting.ts'),
      logger: new DefaultLogger('ERROR'),
    }),
    activities: createScheduleActivities({
      store,
      artifacts: openArtifacts(join(folder, 'artifacts')),
      compute,
      directory: await openRunDirectory(client),
      shapes: { resolveShape: () => Promise.resolve(PLAN.shape) },
      desk: openScheduleDesk(client, TASK_QUEUE),
    }),
  });
  const running = worker.run();
  close = async () => {
    worker.shutdown();
    await running;
    await store.close();
    await clientConnection.close();
    await connection.close();
    await server.stop();
  };
}, 600_000);

afterAll(async () => {
  await close?.();
}, 300_000);

let orders = 0;
async function order(asked: ScheduleOrder): Promise<ScheduleAnswer> {
  orders += 1;
  return client.workflow.execute('scheduleOrder', {
    workflowId: `order-${orders}`,
    taskQueue: TASK_QUEUE,
    args: [asked],
  }) as Promise<ScheduleAnswer>;
}

/** Fast, and of few milliseconds, unless it is said otherwise. */
async function add(name: string, changes: Record<string, unknown>, { replace = false } = {}): Promise<ScheduleAnswer> {
  const file = join(folder, `${name}.yaml`);
  writeFileSync(file, stringify({ name, experiment, set: lasting(10), ...changes }));
  const { schedule } = await loadSchedule(file);
  return order({ verb: 'put', schedule: { ...schedule, askedBy: 'me' }, replace });
}

function lasting(ms: number): Record<string, unknown> {
  return { 'train.steps': ms, 'checkpoint.every': 10 };
}

async function firings(name: string): Promise<readonly Firing[]> {
  return (await store.firings(name, { limit: 1_000 })).toReversed();
}

/** Until it holds; what did not fire is looked for meanwhile. */
async function until(name: string, holds: (all: readonly Firing[]) => boolean): Promise<readonly Firing[]> {
  for (;;) {
    await order({ verb: 'look', names: [name] });
    const all = await firings(name);
    if (holds(all)) return all;
    await sleep(300);
  }
}

const ended = ({ state }: Firing): boolean => state === 'finished';
const DAY_MS = 86_400_000;

describe('when it fires', () => {
  /** By the calendar of ICU, which Node has: every instant at which the clocks of a zone say so. */
  function instants(clock: string, timeZone: string, span: { from: number; until: number }): string[] {
    const format = new Intl.DateTimeFormat('en-GB', { timeZone, hour: '2-digit', minute: '2-digit' });
    const found: string[] = [];
    for (let at = span.from + 60_000; at <= span.until; at += 60_000) {
      if (format.format(at) === clock) found.push(new Date(at).toISOString());
    }
    return found;
  }

  test.each([
    ['Europe/Berlin', '02:30', '2027-03-24', '2027-10-27'],
    ['America/New_York', '01:30', '2027-03-10', '2027-11-03'],
    ['America/New_York', '02:30', '2027-03-10', '2027-11-03'],
    // Half an hour, and in the south.
    ['Australia/Lord_Howe', '01:45', '2027-09-29', '2027-03-31'],
  ])('cron in %s at %s goes over both changes of clocks as its calendar has them', async (timeZone, clock, ...days) => {
    const [hour, minute] = clock.split(':').map(Number);
    const name = `${timeZone.toLowerCase().replaceAll(/[^a-z]/g, '-')}-${clock.replace(':', '')}`;
    let counted = 0;
    for (const day of days) {
      const cron = `${minute ?? 0} ${hour ?? 0} * * *`;
      const { sights, refused } = await add(name, { cron, timeZone, from: day }, { replace: true });
      expect(refused).toBeUndefined();
      const next = sights?.[name]?.next ?? [];
      const until = Date.parse(next.at(-1) ?? '');
      // It begins with the day, by its own clocks.
      const from = until - 12 * DAY_MS;
      const expected = instants(clock, timeZone, { from, until }).slice(-next.length - 1);
      // Where the clocks go back it comes twice, and fires once or twice, as Temporal's calendar has it.
      expect(expected).toEqual(expect.arrayContaining([...next]));
      const dayOf = new Intl.DateTimeFormat('en-CA', { timeZone });
      const days = (times: readonly string[]): Set<string> => new Set(times.map((at) => dayOf.format(Date.parse(at))));
      expect([...days(expected)].filter((one) => one >= day)).toEqual([...days(next)]);
      expect(dayOf.format(Date.parse(next[0] ?? ''))).toBe(day);
      counted += next.length;
    }
    expect(counted).toBe(20);
    await order({ verb: 'remove', name, by: 'me' });
  });

  test('where clocks go on by half an hour, Temporal takes what does not come for half an hour later', async () => {
    const calendar = { cron: '15 2 * * *', timeZone: 'Australia/Lord_Howe', from: '2027-10-03' };
    const { sights } = await add('lord-howe', calendar);
    expect(sights?.['lord-howe']?.next[0]).toBe('2027-10-02T15:45:00.000Z');
    expect(
      instants('02:45', 'Australia/Lord_Howe', {
        from: Date.parse('2027-10-02T15:30Z'),
        until: Date.parse('2027-10-02T16:00Z'),
      }),
    ).toEqual(['2027-10-02T15:45:00.000Z']);
    await order({ verb: 'remove', name: 'lord-howe', by: 'me' });
  });

  test('what never comes, or cannot be read, is refused by its field, and leaves nothing behind', async () => {
    const refusals: [Record<string, unknown>, string, RegExp][] = [
      [{ cron: '0 0 30 2 *' }, 'cron', /never comes/],
      [{ cron: ['0 3 * * *', '0 25 * * *'] }, 'cron', /not in range/],
      [{ cron: 'every day' }, 'cron', /5-7 fields/],
      [{ cron: '0 0 29 2 *', from: '2027-03-01', until: '2028-02-01' }, 'cron', /between from and until/],
    ];
    for (const [changes, field, message] of refusals) {
      const { refused } = await add('never', changes);
      expect(refused).toHaveLength(1);
      expect(refused?.[0]?.path).toEqual([field]);
      expect(refused?.[0]?.message).toMatch(message);
    }
    expect(await store.schedule('never')).toBeUndefined();
    const ids: string[] = [];
    for await (const { scheduleId } of client.schedule.list()) ids.push(scheduleId);
    expect(ids.filter((id) => id.includes('never'))).toEqual([]);
  });

  test('a name that is taken is refused, unless it is to be replaced', async () => {
    await add('taken', { cron: '0 3 1 1 *' });
    expect((await add('taken', { cron: '0 4 1 1 *' })).refused).toHaveLength(1);
    expect((await add('taken', { cron: '0 3 1 1 *' })).refused).toBeUndefined();
    const { sights } = await add('taken', { cron: '0 4 1 1 *' }, { replace: true });
    expect(sights?.['taken']?.next[0]).toMatch(/-01-01T04:00:00.000Z$/);
    expect((await store.scheduleEvents('taken', { limit: 10 })).map(({ message }) => message)).toEqual([
      'changed by me',
      'added by me',
    ]);
    await order({ verb: 'remove', name: 'taken', by: 'me' });
  });
});

describe('an overlap is one of runs', () => {
  /** Up to the second that finished, every time has its row. */
  function isWhole(all: readonly Firing[]): boolean {
    const [, last] = all.filter(ended);
    const seconds = all
      .slice(0, last === undefined ? 0 : all.indexOf(last) + 1)
      .map(({ nominalAt }) => Date.parse(nominalAt) / 1_000);
    return seconds.every((second, index) => second === (seconds[0] ?? 0) + 2 * index);
  }

  const LONG = lasting(5_000);

  test('skip: what is due meanwhile is skipped, and on record with whose fault it is', async () => {
    await add('skips', { every: '2s', set: LONG });
    const all = await until('skips', (seen) => seen.filter(ended).length >= 2 && isWhole(seen));
    await order({ verb: 'remove', name: 'skips', by: 'me' });
    const [first, ...rest] = all;
    const skipped = rest.slice(
      0,
      rest.findIndex(({ firedAt }) => firedAt !== undefined),
    );
    expect(skipped.length).toBeGreaterThanOrEqual(1);
    for (const { state, reason } of skipped) {
      expect(state).toBe('skipped');
      expect(reason).toContain(`${first?.subject ?? '?'} (due `);
    }
  });

  test('each time is told once, in order, whether it fired or not', async () => {
    const told = await store.announcements({ limit: 1_000, subject: { kind: 'schedule', id: 'skips' } });
    const times = await firings('skips');
    expect(told).toHaveLength(times.length);
    const kinds = new Map(told.map(({ kind, data }) => [data['due'], kind]));
    for (const { nominalAt, firedAt } of times) {
      expect(kinds.get(nominalAt)).toBe(firedAt === undefined ? 'schedule.skipped' : 'schedule.fired');
    }
  });

  test('wait: one waits and begins when the other is over', async () => {
    await add('waits', { every: '2s', overlap: 'wait', set: LONG });
    const someSkipped = (seen: readonly Firing[]): boolean => seen.some(({ state }) => state === 'skipped');
    const all = await until('waits', (seen) => seen.filter(ended).length >= 2 && someSkipped(seen));
    await order({ verb: 'remove', name: 'waits', by: 'me' });
    const [first, second] = all.filter(ended);
    expect(Date.parse(second?.firedAt ?? '')).toBeGreaterThanOrEqual(Date.parse(first?.endedAt ?? ''));
    // The one after the first, not the newest.
    expect(Date.parse(second?.nominalAt ?? '') - Date.parse(first?.nominalAt ?? '')).toBe(2_000);
    expect(all.filter(({ state }) => state === 'missed')).toEqual([]);
  });

  test('cancel-other: the run that goes on is cancelled, and the next one begins', async () => {
    await add('cancels', { every: '3s', overlap: 'cancel-other', set: LONG });
    const all = await until('cancels', (seen) => seen.filter(({ state }) => state === 'cancelled').length >= 2);
    await order({ verb: 'remove', name: 'cancels', by: 'me' });
    const cancelled = all.filter(({ state }) => state === 'cancelled');
    for (const { subject } of cancelled) {
      const { status } = await client.workflow.getHandle(subject ?? '').describe();
      expect(status.name).toBe('CANCELLED');
    }
  });

  test('allow: they go on beside each other', async () => {
    await add('allows', { every: '2s', overlap: 'allow', set: LONG });
    const going = ({ state }: Firing): boolean => state === 'running';
    while ((await firings('allows')).filter(going).length < 2) await sleep(100);
    await order({ verb: 'remove', name: 'allows', by: 'me' });
    expect((await firings('allows')).map(({ state }) => state)).not.toContain('skipped');
  });

  test('by hand: not where it would be skipped, and then beside the calendar', async () => {
    await add('by-hand', { cron: '0 3 1 1 *', set: LONG });
    await order({ verb: 'fire', name: 'by-hand', by: 'me' });
    await until('by-hand', (seen) => seen.length === 1);
    await expect(order({ verb: 'fire', name: 'by-hand', by: 'me' })).rejects.toMatchObject({
      cause: { cause: { message: expect.stringMatching(/^reverse-[0-9a-f]{8} still goes on, and overlap is skip/) } },
    });
    await order({ verb: 'fire', name: 'by-hand', by: 'me', overlap: 'allow' });
    await until('by-hand', (seen) => seen.filter(ended).length === 2);
    await order({ verb: 'remove', name: 'by-hand', by: 'me' });
  });
});

describe('what a firing is', () => {
  test('a week that is filled in is seven runs, one after the other, and once only', async () => {
    await add('week', { cron: '0 3 * * *', timeZone: 'Europe/Berlin', set: { ...lasting(10), name: 'w{date}' } });
    const span = { from: '2026-10-21T22:00:00Z', until: '2026-10-28T23:00:00Z', overlap: 'wait' } as const;
    const { times } = await order({ verb: 'backfill', name: 'week', by: 'me', ...span });
    const all = await until('week', (seen) => seen.filter(ended).length === 7);
    expect(all.map(({ nominalAt }) => nominalAt)).toEqual(times);
    // By the clocks of Berlin, which went back on the 25th.
    const days = [22, 23, 24, 25, 26, 27, 28];
    expect(times).toEqual(days.map((day) => `2026-10-${day}T0${day < 25 ? 1 : 2}:00:00.000Z`));
    expect(all.map(({ subject }) => subject?.slice(0, -9))).toEqual(days.map((day) => `w2026-10-${day}`));
    for (const [index, { firedAt }] of all.slice(1).entries()) {
      expect(Date.parse(firedAt ?? '')).toBeGreaterThanOrEqual(Date.parse(all[index]?.endedAt ?? ''));
    }
    await order({ verb: 'backfill', name: 'week', by: 'me', ...span, overlap: 'allow' });
    while ((await order({ verb: 'look', names: ['week'] })).sights?.['week']?.taken !== 14) await sleep(200);
    expect(await firings('week')).toEqual(all);
    await order({ verb: 'remove', name: 'week', by: 'me' });
  });

  test('data that is that of the last run starts nothing, and is on record; other data does', async () => {
    const data = join(folder, 'growing.jsonl');
    writeFileSync(data, '{"prompt": "a b =", "completion": "b a"}\n');
    const set = { ...lasting(10), 'data.train': data };
    await add('changes', { cron: '0 3 1 1 *', onlyIfChanged: true, set });
    const states = async (count: number): Promise<string[]> => {
      await order({ verb: 'fire', name: 'changes', by: 'me' });
      const over = ({ state }: Firing): boolean => state !== 'running';
      return (await until('changes', (seen) => seen.filter(over).length === count)).map(({ state }) => state);
    };
    expect(await states(1)).toEqual(['finished']);
    await sleep(1_000);
    expect(await states(2)).toEqual(['finished', 'unchanged']);
    appendFileSync(data, '{"prompt": "c d =", "completion": "d c"}\n');
    await sleep(1_000);
    expect(await states(3)).toEqual(['finished', 'unchanged', 'finished']);
    const [, same] = await firings('changes');
    expect(same?.reason).toMatch(/^the data is that of reverse-[0-9a-f]{8} \([0-9a-f]{12}\): nothing is rented$/);
    await order({ verb: 'remove', name: 'changes', by: 'me' });
  });

  test('a run that fails pauses the schedule, which says why; so does a file that is gone', async () => {
    await add('fails', { every: '3s', pauseOnFailure: true, set: { ...lasting(10), 'train.batchSize': 13 } });
    const all = await until('fails', (seen) => seen.some(({ state }) => state === 'failed'));
    expect(all.find(({ state }) => state === 'failed')?.reason).toBe('thirteen rows a batch');
    const { sights } = await order({ verb: 'look', names: ['fails'] });
    expect(sights?.['fails']).toMatchObject({ paused: true, note: expect.stringContaining('thirteen rows a batch') });
    expect((await store.schedule('fails'))?.pauseNote).toContain('thirteen rows a batch');

    await add('gone', { cron: '0 3 1 1 *', set: { ...lasting(10), 'data.train': join(folder, 'of-{date}.jsonl') } });
    await order({ verb: 'fire', name: 'gone', by: 'me' });
    const [first] = await until('gone', (seen) => seen.some(({ state }) => state === 'failed'));
    expect(first).toMatchObject({ state: 'failed' });
    expect(first?.subject).toBeUndefined();
    expect(first?.reason).toMatch(/data\.train: there is no file .*of-\d{4}-\d\d-\d\d\.jsonl/);
    for (const name of ['fails', 'gone']) await order({ verb: 'remove', name, by: 'me' });
  });

  test('what is due while it rests is not made up for, and is no miss', async () => {
    await add('rests', { every: '2s' });
    await until('rests', (seen) => seen.filter(ended).length >= 1);
    await order({ verb: 'pause', name: 'rests', by: 'me', note: 'no data' });
    const before = await until('rests', (seen) => seen.every(ended));
    await sleep(4_500);
    await order({ verb: 'resume', name: 'rests', by: 'me' });
    const all = await until('rests', (seen) => seen.filter(ended).length >= before.length + 1);
    expect(all.every(({ state }) => state === 'finished')).toBe(true);
    await order({ verb: 'remove', name: 'rests', by: 'me' });
    await expect(order({ verb: 'resume', name: 'rests', by: 'me' })).rejects.toThrow();
  });
});
