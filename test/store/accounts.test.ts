/** Named budgets: whoever reserves at the same moment, nobody has what another has; what is not needed is free again. */
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { pathToFileURL } from 'node:url';
import { keepingAccounts } from '../../activities/money/accounts.ts';
import { periodAt } from '../../domain/decide/accounts.ts';
import { openStore, type Store } from '../../store/index.ts';
import { newFolder, newRun } from './fixtures.ts';

const COMPILED = join(process.cwd(), 'lib', 'store', 'index.js');
let folder: string;
let path: string;
let store: Store;

beforeAll(async () => {
  folder = await newFolder();
  path = join(folder, 'pawl.db');
  store = await openStore({ path });
});

afterAll(async () => {
  await store.close();
});

/** A process that reserves the last hour of fifty days, each at a time when the other does, and prints what it got. */
const RACER = `
const [library, path, runId, startMs] = process.argv.slice(1);
const { openStore } = await import(library);
const store = await openStore({ path });
await new Promise((resolve) => setTimeout(resolve, Number(startMs) - Date.now()));
const got = [];
for (let day = 0; day < 50; day++) {
  got.push(await store.raiseGrant({ account: 'race', period: 'day-' + day, runId, upTo: 8, maxCost: 10 }));
}
await store.close();
process.stdout.write(JSON.stringify(got));
`;

test('of two processes that want the last hour, one gets it', async () => {
  const library = pathToFileURL(COMPILED).href;
  const startMs = String(Date.now() + 5_000);
  const racers = ['one-00000001', 'two-00000002'].map((runId) =>
    spawn(process.execPath, ['--input-type=module', '--eval', RACER, library, path, runId, startMs], {
      stdio: ['ignore', 'pipe', 'inherit'],
    }),
  );
  const [one = [], two = []] = await Promise.all(
    racers.map(async (racer) => {
      const [said] = await Promise.all([text(racer.stdout), once(racer, 'exit')]);
      return JSON.parse(said) as number[];
    }),
  );
  expect(one).toHaveLength(50);
  // Whoever came first has the 8 that it wanted, and the other the 2 that are left.
  for (const [day, first] of one.entries()) {
    const second = two[day] ?? 0;
    expect([Math.min(first, second), Math.max(first, second)]).toEqual([2, 8]);
  }
}, 120_000);

describe('a run', () => {
  const priced = (runId: string) => {
    const run = newRun(runId);
    const prices = { trainerPerHour: 40, replicaPerHour: 0, currency: 'USD' };
    return { ...run, spec: { ...run.spec, prices } };
  };

  test('that asks for an unknown budget is told its name, and those that there are', async () => {
    const accounts = keepingAccounts({ store });
    await expect(accounts.reserveRent({ runId: 'a-1', account: 'team-b', costPerHour: 1 })).rejects.toThrow(
      /there is no budget "team-b"\. There is none yet\. Make it: pawl budgets set team-b/,
    );
  });

  test('leaves what it did not need to others, by its leases, once it is over', async () => {
    const accounts = keepingAccounts({ store });
    await accounts.setAccount({ name: 'team-a', maxCost: 15, per: 'month', by: 'me' });
    const [one, other] = ['one-0000000a', 'other-0000000b'];
    for (const runId of [one, other]) await store.saveRun(priced(runId));
    const ask = async (runId: string) => accounts.reserveRent({ runId, account: 'team-a', costPerHour: 40 });
    // A quarter of an hour is 10; of 15 the second has 5.
    expect(await ask(one)).toMatchObject({ kind: 'granted', leftMs: 900_000 });
    expect(await ask(other)).toMatchObject({ kind: 'granted', leftMs: 450_000 });
    const { begins } = periodAt('month', Date.now());
    const third = 'third-0000000c';
    expect(await ask(third)).toMatchObject({
      kind: 'refused',
      reason: expect.stringContaining('team-a: 15 per month'),
    });

    // It rents, returns at once, and is over: its 10 are nearly free.
    await store.planLease(one, { kind: 'trainer', id: `${one}-trainer` });
    await store.endLease({ kind: 'trainer', id: `${one}-trainer` }, 'gone');
    await store.updateRun(one, { phase: 'done', step: 0, generation: 1, outcome: 'finished', reason: 'trained' });
    expect(await ask(third)).toMatchObject({ kind: 'granted' });
    const [settled] = (await store.grants('team-a', begins)).filter(({ runId }) => runId === one);
    expect(settled?.settled).toBe(true);
    expect(settled?.granted).toBeLessThan(1);

    // A raised limit is there at once.
    await accounts.setAccount({ name: 'team-a', maxCost: 500, per: 'month', by: 'me' });
    expect(await ask(other)).toMatchObject({ kind: 'granted', leftMs: 900_000 });
  });
});

test('periods are those of UTC, weeks from Monday', () => {
  const at = Date.parse('2026-11-29T23:30:00Z');
  expect(periodAt('day', at)).toMatchObject({ begins: '2026-11-29', untilMs: Date.parse('2026-11-30') });
  expect(periodAt('week', at)).toMatchObject({ begins: '2026-11-23', untilMs: Date.parse('2026-11-30') });
  expect(periodAt('month', at)).toMatchObject({ begins: '2026-11-01', untilMs: Date.parse('2026-12-01') });
  expect(periodAt('month', Date.parse('2026-12-31T23:00:00Z')).untilMs).toBe(Date.parse('2027-01-01'));
});
