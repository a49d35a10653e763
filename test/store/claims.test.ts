import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { openStore, type Store } from '../../store/index.ts';
import { newFolder } from './fixtures.ts';

let stores: Store[];

beforeEach(async () => {
  const path = join(await newFolder(), 'pawl.db');
  stores = [await openStore({ path }), await openStore({ path })];
});

afterEach(async () => {
  for (const store of stores) await store.close();
});

const LONG_MS = 600_000;

test('of many who claim the same at the same time one has it, whichever process asks', async () => {
  const holders = Array.from({ length: 12 }, (_, index) => `run-${index}`);
  const had = await Promise.all(
    holders.map(async (holder, index) => (await stores[index % 2]?.claim({ key: 'scores', holder }, LONG_MS)) === true),
  );
  expect(had.filter(Boolean)).toHaveLength(1);
  const winner = holders[had.indexOf(true)] ?? '';
  // It may say so again; another claim is another matter.
  expect(await stores[1]?.claim({ key: 'scores', holder: winner }, LONG_MS)).toBe(true);
  expect(await stores[1]?.claim({ key: 'other scores', holder: 'somebody' }, LONG_MS)).toBe(true);
});

test('a claim ends when its holder lets go of it, or with its time; nobody else ends it', async () => {
  const [store] = stores;
  const mine = { key: 'scores', holder: 'one' };
  const other = { key: 'scores', holder: 'other' };
  await store?.claim(mine, LONG_MS);
  await store?.unclaim(other);
  expect(await store?.claim(other, LONG_MS)).toBe(false);
  await store?.unclaim(mine);
  expect(await store?.claim(other, 1)).toBe(true);
  await sleep(20);
  expect(await store?.claim(mine, LONG_MS)).toBe(true);
});
