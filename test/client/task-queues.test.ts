/** Which queues are a home's, when its store cannot tell: a run must be stopped, and machines be listed, all the same. */
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { RunStore, storeFile } from '../../client/runs/run-store.ts';
import { TaskQueues } from '../../client/runs/task-queues.ts';
import { noteQueue } from '../../store/home-queues.ts';
import { openStore } from '../../store/index.ts';

let home: string;
const opened: RunStore[] = [];

beforeEach(() => {
  home = mkdtempSync(join(tmpdir(), 'pawl-queues-'));
});

afterEach(async () => {
  for (const store of opened.splice(0)) await store.close();
  rmSync(home, { recursive: true });
});

function queuesOf(name: string): TaskQueues {
  const store = new RunStore(storeFile(home));
  opened.push(store);
  return new TaskQueues(store, name);
}

test('those of a store that was lost are known by its home, and the new store’s own come before them', async () => {
  await noteQueue(home, { queueName: 'pawl', taskQueue: 'pawl-sandbox-0badcafe' });
  const queues = queuesOf('pawl');
  expect([await queues.all(), await queues.forWork()]).toEqual([['pawl-sandbox-0badcafe'], 'pawl-sandbox-0badcafe']);
  const store = await openStore({ path: storeFile(home) });
  expect([await queues.all(), await queues.forWork()]).toEqual([['pawl-sandbox-0badcafe'], 'pawl-sandbox-0badcafe']);
  const place = { platform: 'sandbox:other', account: 'a' };
  await store.noteWorker({ id: 'w', queueName: 'pawl', taskQueue: 'pawl-sandbox-12345678', ...place });
  expect(await queues.forWork()).toBe('pawl-sandbox-12345678');
  expect(await queues.all()).toEqual(['pawl-sandbox-12345678', 'pawl-sandbox-0badcafe']);
  await store.close();
});

test('those of a store that is damaged are known all the same', async () => {
  await noteQueue(home, { queueName: 'pawl', taskQueue: 'pawl-sandbox-0badcafe' });
  writeFileSync(storeFile(home), 'no store at all, but long enough to be looked at as one'.repeat(40));
  expect(await queuesOf('pawl').all()).toEqual(['pawl-sandbox-0badcafe']);
});

test('of several of one name none is chosen; a whole name is one', async () => {
  for (const taskQueue of ['pawl-sandbox-0badcafe', 'pawl-fireworks-0badcafe']) {
    await noteQueue(home, { queueName: 'pawl', taskQueue });
  }
  await expect(queuesOf('pawl').forWork()).rejects.toThrow(/which task queue is meant: .*PAWL_TASK_QUEUE/);
  expect(await queuesOf('pawl-fireworks-0badcafe').forWork()).toBe('pawl-fireworks-0badcafe');
});

test('a home without workers has none, and takes no work', async () => {
  expect(await queuesOf('pawl').all()).toEqual([]);
  await expect(queuesOf('pawl').forWork()).rejects.toThrow('No worker has ever worked for the store');
});
