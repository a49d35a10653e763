/** The outbox: what is told of a fact is written with it or not at all, once, and in order of the facts. */
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { rename } from 'node:fs/promises';
import { join } from 'node:path';
import { toldOfRun } from '../../domain/decide/told-of-runs.ts';
import { announcementId, type Announcement } from '../../domain/words/announcements.ts';
import { openStore, type Store } from '../../store/index.ts';
import { newFolder, newRun } from './fixtures.ts';

const RUN = { kind: 'run', id: 'speller-1' } as const;
let path: string;
let store: Store;

beforeEach(async () => {
  path = join(await newFolder(), 'pawl.db');
  store = await openStore({ path });
  await store.saveRun(newRun(RUN.id));
});
afterEach(() => store.close());

function end(outcome: 'finished' | 'failed'): Parameters<Store['updateRun']>[1] {
  const facts = { phase: 'done', step: 40, generation: 1, outcome, reason: 'target' } as const;
  return { ...facts, told: toldOfRun({ runId: RUN.id, ...facts }) };
}

const titles = async (): Promise<string[]> =>
  (await store.announcements({ limit: 100 })).map(({ title }) => title).reverse();

describe('what is told of a fact', () => {
  test('is written once, under an id that follows from the fact', async () => {
    for (let attempt = 0; attempt < 3; attempt++) await store.updateRun(RUN.id, end('finished'));
    expect(await store.unrouted(10)).toMatchObject([
      {
        id: 'run:speller-1:run_finished:end',
        kind: 'run.finished',
        subject: RUN,
        title: 'speller-1 finished: target',
        data: { step: 40, reason: 'target' },
      },
    ]);
  });

  test('is written with the fact, or neither is', async () => {
    const broken = { ...end('failed'), told: [{ kind: 'run.failed', subject: RUN, ordinal: 1 } as Announcement] };
    await expect(store.updateRun(RUN.id, broken)).rejects.toThrow();
    expect(await store.getRun(RUN.id)).toMatchObject({ outcome: 'pending' });
    expect(await titles()).toEqual([]);
    // Nobody is left waiting for the one connection.
    await store.updateRun(RUN.id, end('failed'));
    expect(await store.getRun(RUN.id)).toMatchObject({ outcome: 'failed' });
    expect(await titles()).toEqual(['speller-1 failed: target']);
  });

  test('is not told where the fact did not stand: a straggler of an earlier generation', async () => {
    await store.updateRun(RUN.id, { phase: 'train', step: 3, generation: 2 });
    await store.updateRun(RUN.id, end('failed'));
    expect(await titles()).toEqual([]);
  });

  test('does not go to a file that was moved away', async () => {
    await rename(path, `${path}.away`);
    await store.updateRun(RUN.id, end('finished'));
    expect(await titles()).toEqual(['speller-1 finished: target']);
    const away = await openStore({ path: `${path}.away`, readonly: true });
    expect(await away.announcements({ limit: 10 })).toEqual([]);
    await away.close();
  });

  test('is told of leases, promotions and sweeps as of runs: the second time changes nothing', async () => {
    const found = { kind: 'orphan.found', subject: RUN, ordinal: 'trainer/t/1', title: 'found' } as const;
    await store.planLease(RUN.id, { kind: 'trainer', id: 't' });
    for (let attempt = 0; attempt < 2; attempt++) await store.endLease({ kind: 'trainer', id: 't' }, 'gone', [found]);
    await store.endLease({ kind: 'trainer', id: 'unknown' }, 'gone', [{ ...found, ordinal: 'never' }]);
    expect(await titles()).toEqual(['found']);
  });

  test('is bounded', async () => {
    const data = { cause: 'x'.repeat(5_000), seconds: Number.NaN };
    await store.announce({ kind: 'run.rewound', subject: RUN, ordinal: 2, title: 'y'.repeat(5_000), data });
    const [kept] = await store.announcements({ limit: 1 });
    expect(kept?.title).toHaveLength(300 + '… (5,000 characters)'.length);
    expect(JSON.stringify(kept?.data).length).toBeLessThan(600);
    expect(kept?.data).not.toHaveProperty('seconds');
  });
});

test('two facts are never one event, whatever their ids hold', () => {
  const ids = ['a.b', 'a-b', 'a~2eb', 'a:b', 'a/b'].map((ordinal) =>
    announcementId({ kind: 'evaluation.void', subject: RUN, ordinal }),
  );
  expect(new Set(ids).size).toBe(ids.length);
  // A webhook's signature is of `id.timestamp.body`.
  for (const id of ids) expect(id).toMatch(/^[\w:~-]+$/);
});

describe('deliveries', () => {
  const tell = async (subject: string, ordinal: number): Promise<string> => {
    const event = { kind: 'run.rewound', subject: { kind: 'run', id: subject }, ordinal } as const;
    await store.announce({ ...event, title: `${subject} ${ordinal}` });
    return announcementId(event);
  };
  const heads = async (channel: string): Promise<string[]> =>
    (await store.heads(channel, 10)).map(({ announcement }) => announcement.title);

  test('are decided on once, and come in order of each subject', async () => {
    const [a2, b2, a3] = [await tell('a', 2), await tell('b', 2), await tell('a', 3)];
    for (const id of [a2, b2, a3]) await store.routed(id, ['ops', 'team', 'ops']);
    await store.routed(a2, ['late']);
    expect(await store.unrouted(10)).toEqual([]);
    expect(await heads('late')).toEqual([]);
    expect(await heads('ops')).toEqual(['a 2', 'b 2']);

    const nextAt = '2999-01-01T00:00:00.000Z';
    await store.noteDelivery({ channel: 'ops', announcementId: a2 }, { state: 'waiting', nextAt, problem: 'away' });
    // What comes after it waits for it; other subjects and channels do not.
    await store.noteDelivery({ channel: 'ops', announcementId: b2 }, { state: 'delivered' });
    expect(await store.heads('ops', 10)).toMatchObject([{ attempts: 1, nextAt, problem: 'away' }]);
    await store.noteDelivery({ channel: 'team', announcementId: a2 }, { state: 'delivered' });
    expect(await heads('team')).toEqual(['b 2', 'a 3']);

    await store.noteDelivery({ channel: 'ops', announcementId: a2 }, { state: 'given-up', problem: 'gone' });
    // Whoever reports late changes nothing.
    await store.noteDelivery({ channel: 'ops', announcementId: a2 }, { state: 'delivered' });
    expect(await heads('ops')).toEqual(['a 3']);
    expect((await store.undelivered(10)).map(({ channel, state }) => `${channel} ${state}`)).toEqual([
      'ops waiting',
      'team waiting',
      'team waiting',
      'ops given-up',
    ]);
    expect(await store.deliveryCounts()).toContainEqual({ channel: 'ops', state: 'given-up', count: 1 });
  });
});
