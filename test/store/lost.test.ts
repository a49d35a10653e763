import { spawn } from 'node:child_process';
import { rename, rm, copyFile, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { beforeEach, describe, expect, test } from '@jest/globals';
import Database from 'libsql';
import { recording } from '../../activities/run/record.ts';
import { restoring } from '../../activities/run/restore-record.ts';
import type { RunFacts, RunRecord } from '../../domain/words/run.ts';
import { openStore, StoreUnavailable, type StoredLease } from '../../store/index.ts';
import { PLAN, SPEC, checkpoint, metrics, newFolder, newRun, scored } from './fixtures.ts';

let folder: string;
let path: string;

beforeEach(async () => {
  folder = await newFolder();
  path = join(folder, 'pawl.db');
});

/** Everything that the workflow of run "a" holds when it has asked for `seq` records. */
function held(seq: number): RunFacts {
  const { kind: _, ...evaluation } = scored(20, 1);
  return {
    run: { runId: 'a', spec: SPEC, runHex: '0123abcd' },
    startedAt: '2026-01-02T03:04:05.000Z',
    phase: 'train',
    step: 20,
    generation: 2,
    outcome: 'running',
    reason: '',
    mark: { seq, acknowledged: seq },
    plan: PLAN,
    checkpoints: [
      { checkpoint: checkpoint(0) },
      { checkpoint: checkpoint(20), evaluation, verdict: { kind: 'continue', reason: 'better' } },
    ],
    rewinds: [{ generation: 2, cause: 'lost', fromStep: 31, toStep: 20, seconds: 3, cost: 0.5 }],
    trainerId: 'trainer-a',
  };
}

function byId(leases: readonly StoredLease[]): StoredLease[] {
  return leases.toSorted((one, other) => one.id.localeCompare(other.id));
}

const files = async (): Promise<string[]> => (await readdir(folder)).sort();

describe('a store whose file is moved away under it', () => {
  test('writes into the file that is there now, never into the one that was moved', async () => {
    const store = await openStore({ path });
    await store.saveRun(newRun('a'));
    await store.recordSteps('a', [metrics(1)]);
    await rename(path, join(folder, 'aside.db'));
    await store.saveRun(newRun('b'));
    expect((await store.listRuns({ limit: 9 })).map(({ runId }) => runId)).toEqual(['b']);
    await store.close();
    // The moved file has all that was acknowledged before, though it stood in the log that did not move along.
    const aside = await openStore({ path: join(folder, 'aside.db') });
    expect((await aside.listRuns({ limit: 9 })).map(({ runId }) => runId)).toEqual(['a']);
    expect(await aside.steps('a')).toEqual([metrics(1)]);
    await aside.close();
    expect(await files()).toEqual(['aside.db', 'aside.db.guard', 'pawl.db', 'pawl.db.guard']);
  });

  test('goes on with an older copy that takes its place, log and all', async () => {
    const store = await openStore({ path });
    await store.saveRun(newRun('a'));
    await store.close();
    await copyFile(path, join(folder, 'older.db'));
    const again = await openStore({ path });
    await again.saveRun(newRun('b'));
    await rm(path);
    await rename(join(folder, 'older.db'), path);
    await again.recordSteps('a', [metrics(1)]);
    expect((await again.listRuns({ limit: 9 })).map(({ runId }) => runId)).toEqual(['a']);
    await again.close();
    const database = new Database(path);
    expect(database.prepare('PRAGMA integrity_check').all()).toEqual([{ integrity_check: 'ok' }]);
    database.close();
  });

  test('says that it cannot answer while its folder is away, and goes on when it is back', async () => {
    const store = await openStore({ path });
    await store.saveRun(newRun('a'));
    await rename(folder, `${folder}-away`);
    await expect(store.recordSteps('a', [metrics(1)])).rejects.toBeInstanceOf(StoreUnavailable);
    await rename(`${folder}-away`, folder);
    await store.recordSteps('a', [metrics(1)]);
    expect(await store.steps('a')).toEqual([metrics(1)]);
    await store.close();
  });

  test('and put back is noticed by who slept meanwhile: its log is another one, and what it remembers is old', async () => {
    const [writer, sleeper] = [await openStore({ path }), await openStore({ path })];
    const reader = await openStore({ path, readonly: true });
    await writer.saveRun(newRun('a'));
    await sleeper.saveRun(newRun('b'));
    const ids = async (store: Pick<typeof writer, 'listRuns'>) =>
      (await store.listRuns({ limit: 9 })).map(({ runId }) => runId).toSorted((one, other) => one.localeCompare(other));
    expect(await ids(reader)).toEqual(['a', 'b']);
    await rename(path, join(folder, 'aside.db'));
    await writer.saveRun(newRun('lost'));
    await rename(join(folder, 'aside.db'), path);
    await writer.saveRun(newRun('c'));
    expect(await ids(reader)).toEqual(['a', 'b', 'c']);
    await sleeper.saveRun(newRun('d'));
    for (const store of [writer, sleeper, reader]) expect(await ids(store)).toEqual(['a', 'b', 'c', 'd']);
    for (const store of [writer, sleeper, reader]) await store.close();
    const database = new Database(path);
    expect(database.prepare('PRAGMA integrity_check').all()).toEqual([{ integrity_check: 'ok' }]);
    database.close();
  });

  test('and put back does not get the log of the one that was there meanwhile, whoever opens it first', async () => {
    const sleeper = await openStore({ path });
    await sleeper.saveRun(newRun('a'));
    await rename(path, join(folder, 'aside.db'));
    await sleeper.saveRun(newRun('lost'));
    await rename(join(folder, 'aside.db'), path);
    const first = await openStore({ path });
    const ids = async (store: typeof first) =>
      (await store.listRuns({ limit: 9 })).map(({ runId }) => runId).toSorted();
    expect(await ids(first)).toEqual(['a']);
    await sleeper.saveRun(newRun('c'));
    await first.saveRun(newRun('d'));
    for (const store of [first, sleeper]) expect(await ids(store)).toEqual(['a', 'c', 'd']);
    for (const store of [first, sleeper]) await store.close();
    const database = new Database(path);
    expect(database.prepare('PRAGMA integrity_check').all()).toEqual([{ integrity_check: 'ok' }]);
    database.close();
  });

  test('has nobody who closed it without a question', async () => {
    await (await openStore({ path })).close();
    // The last one takes the log with him.
    expect(await files()).toEqual(['pawl.db', 'pawl.db.guard']);
  });

  test('a reader follows it too', async () => {
    const writer = await openStore({ path });
    await writer.saveRun(newRun('a'));
    const reader = await openStore({ path, readonly: true });
    expect(await reader.listRuns({ limit: 9 })).toHaveLength(1);
    await rename(path, join(folder, 'aside.db'));
    await expect(reader.listRuns({ limit: 9 })).rejects.toMatchObject({ trouble: 'lost' });
    await writer.saveRun(newRun('b'));
    expect((await reader.listRuns({ limit: 9 })).map(({ runId }) => runId)).toEqual(['b']);
    await reader.close();
    await writer.close();
  });
});

describe('a run whose store was lost', () => {
  test('goes on writing facts; it is shown once it says what it is', async () => {
    const store = await openStore({ path });
    await store.recordSteps('a', [metrics(21, { generation: 2 })]);
    await store.planLease('a', { kind: 'trainer', id: 'trainer-a' });
    await store.saveCheckpoint('a', checkpoint(40));
    expect(await store.listRuns({ limit: 9 })).toEqual([]);
    await expect(store.getRun('a')).rejects.toThrow('There is no run "a"');
    // What is rented is known all the same: the reconciler can return it.
    expect(await store.openLeases()).toMatchObject([{ runId: 'a', id: 'trainer-a' }]);

    const mark = { seq: 7, acknowledged: 6 };
    expect(await store.updateRun('a', { phase: 'checkpoint', step: 40, generation: 2, mark })).toEqual({
      missing: true,
    });
    await restoring({ store }).restoreRecord(held(7));
    await restoring({ store }).restoreRecord(held(7));
    const run = await store.getRun('a');
    expect(run).toMatchObject({ name: 'speller', spec: SPEC, plan: PLAN, step: 40, generation: 2, outcome: 'running' });
    expect(run.createdAt).toBe('2026-01-02T03:04:05.000Z');
    expect(await store.checkpointReports('a')).toMatchObject([
      { checkpoint: { name: 'step-0' } },
      { checkpoint: { name: 'step-20' }, evaluation: { score: 0.5 }, verdict: { kind: 'continue' } },
      { checkpoint: { name: 'step-40' } },
    ]);
    expect(await store.rewinds('a')).toMatchObject([{ generation: 2, fromStep: 31 }]);
    expect(await store.steps('a')).toEqual([metrics(21, { generation: 2 })]);
    const next = { seq: 8, acknowledged: 7 };
    expect(await store.updateRun('a', { phase: 'train', step: 40, generation: 2, mark: next })).toEqual({
      missing: false,
    });
    await store.close();
  });

  test('tells with every record which machines it had: what the store lacks is written, what was returned is ended', async () => {
    const store = await openStore({ path });
    await store.saveRun(newRun('a'));
    // A copy of a moment between a record and the lease that it announced: nothing is missing that the run was told of.
    await store.planLease('a', { kind: 'trainer', id: 'a-trainer' });
    const directory = { endOf: async () => undefined };
    const tell = (seq: number, machines: RunRecord['machines']) =>
      recording({ store, directory }).record({
        runId: 'a',
        phase: 'train',
        step: 1,
        generation: 1,
        mark: { seq, acknowledged: seq - 1 },
        ...(machines !== undefined && { machines }),
      });
    const leases = async () =>
      byId(await store.leases('a')).map(({ id, releasedAt, keptAt, state }) => [
        id,
        releasedAt !== undefined,
        keptAt !== undefined,
        state,
      ]);
    const held = { trainers: 2, deployments: 1, trainerId: 'a-trainer-2', deploymentId: 'a-deploy' };
    expect(await tell(1, held)).toEqual({ missing: false });
    const before = [
      ['a-deploy', false, false, undefined],
      ['a-trainer', false, false, undefined],
      ['a-trainer-2', false, false, undefined],
    ];
    expect(await leases()).toEqual(before);
    const returned = { trainerState: 'never created', deploymentState: 'READY, kept with 1 replicas' };
    await tell(2, { trainers: 3, deployments: 1, returned, kept: true });
    // Of the last one nobody can know whether it still comes: it stays open, for the reconciler to ask after.
    expect(await leases()).toEqual([
      ['a-deploy', true, true, 'READY, kept with 1 replicas'],
      ['a-trainer', false, false, undefined],
      ['a-trainer-2', false, false, undefined],
      ['a-trainer-3', false, false, undefined],
    ]);
    await store.endLease({ kind: 'trainer', id: 'a-trainer-3' }, 'JOB_STATE_DELETED');
    await tell(3, { trainers: 3, deployments: 1, returned: { ...returned, trainerState: 'later' }, kept: true });
    expect((await leases()).find(([id]) => id === 'a-trainer-3')).toEqual([
      'a-trainer-3',
      true,
      false,
      'JOB_STATE_DELETED',
    ]);
    await store.close();
  });

  test('that is over by then has its machines written down as returned', async () => {
    const store = await openStore({ path });
    const returned = { trainerState: 'JOB_STATE_DELETED', deploymentState: 'gone' };
    const facts = { ...held(4), outcome: 'finished' as const, machines: { trainers: 2, deployments: 1, returned } };
    const { trainerId: _, ...over } = facts;
    await restoring({ store }).restoreRecord(over);
    expect(
      byId(await store.leases('a')).map(({ id, state, releasedAt }) => [id, state, releasedAt !== undefined]),
    ).toEqual([
      ['a-deploy', 'gone', true],
      ['a-trainer', 'returned', true],
      ['a-trainer-2', 'JOB_STATE_DELETED', true],
    ]);
    expect(await store.openLeases()).toEqual([]);
    await store.close();
  });

  test('notices an older copy of its store, until what is missing is written again', async () => {
    const store = await openStore({ path });
    await store.saveRun(newRun('a'));
    const update = (seq: number, acknowledged: number) =>
      store.updateRun('a', { phase: 'train', step: seq, generation: 1, mark: { seq, acknowledged } });
    expect(await update(1, 0)).toEqual({ missing: false });
    // Two that overtake each other are no loss.
    expect(await update(3, 1)).toEqual({ missing: false });
    expect(await update(2, 1)).toEqual({ missing: false });
    // The copy was made here; the run was told of six.
    expect(await update(7, 6)).toEqual({ missing: true });
    expect(await update(8, 6)).toEqual({ missing: true });
    await restoring({ store }).restoreRecord(held(8));
    expect(await update(9, 8)).toEqual({ missing: false });
    await store.close();
  });
});

test('an evaluation that a power cut undid is written again with the verdict that rests on it', async () => {
  const store = await openStore({ path });
  await store.saveRun(newRun('a'));
  await store.saveCheckpoint('a', checkpoint(20));
  const { kind: _, ...evaluation } = scored(20, 1);
  // The store knows nothing of the evaluation that was recorded, and acknowledged, just before.
  const verdict = { kind: 'continue', reason: 'better', checkpoint: 'step-20' } as const;
  const where = { runId: 'a', phase: 'decide', step: 20, generation: 1 } as const;
  const directory = { endOf: () => Promise.resolve(undefined) };
  await recording({ store, directory }).record({ ...where, verdict, evaluations: [evaluation] });
  expect(await store.checkpointReports('a')).toMatchObject([
    { evaluation: { score: 0.5 }, verdict: { kind: 'continue' } },
  ]);
  await store.close();
});

describe('a locked store', () => {
  test('holds up neither its own process nor its readers', async () => {
    const store = await openStore({ path, busyTimeoutMs: 60_000 });
    await store.saveRun(newRun('a'));
    const holder = spawn(
      process.execPath,
      [
        '-e',
        `const Database = require('libsql'); const database = new Database(process.argv[1]);
         database.exec('BEGIN IMMEDIATE'); console.log('held'); setInterval(() => {}, 1000);`,
        path,
      ],
      { stdio: ['ignore', 'pipe', 'inherit'] },
    );
    await new Promise((resolve) => holder.stdout.once('data', resolve));
    let written = false;
    const write = store.recordSteps('a', [metrics(1)]).then(() => (written = true));
    let ticks = 0;
    const ticker = setInterval(() => ticks++, 5);
    await sleep(1_000);
    clearInterval(ticker);
    expect(written).toBe(false);
    // One that waits by blocking would have let this timer run a handful of times.
    expect(ticks).toBeGreaterThan(30);
    expect(await store.getRun('a')).toMatchObject({ runId: 'a' });
    holder.kill('SIGKILL');
    await write;
    expect(await store.steps('a')).toEqual([metrics(1)]);
    await store.close();
  });
});
