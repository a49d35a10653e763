import { chmod, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { beforeEach, describe, expect, test } from '@jest/globals';
import Database from 'libsql';
import { Kysely } from 'kysely';
import { openStore } from '../../store/index.ts';
import { up as severalSamples } from '../../store/rows/migrations/0005-suites.ts';
import { threadDialect } from '../../store/sqlite/dialect.ts';
import { SqliteThread } from '../../store/sqlite/sqlite-thread.ts';
import { metrics, newFolder, newRun } from './fixtures.ts';

let folder: string;
let path: string;

beforeEach(async () => {
  folder = await newFolder();
  path = join(folder, 'pawl.db');
});

function unavailable(trouble: string, message: string): unknown {
  const type = 'Unavailable';
  return expect.objectContaining({
    name: 'StoreUnavailable',
    type,
    trouble,
    message: expect.stringContaining(message),
  });
}

describe('opening a store', () => {
  test('finds what was written before', async () => {
    const first = await openStore({ path });
    await first.saveRun(newRun('a'));
    await first.close();
    const second = await openStore({ path });
    expect(await second.getRun('a')).toMatchObject({ runId: 'a' });
    await second.close();
  });

  test('at the same time from many places migrates it once', async () => {
    const stores = await Promise.all(Array.from({ length: 8 }, () => openStore({ path })));
    await stores[0]?.saveRun(newRun('a'));
    for (const store of stores) {
      expect(await store.getRun('a')).toMatchObject({ runId: 'a' });
      await store.close();
    }
  });

  test('keeps a write-ahead log, so that readers do not wait for writers', async () => {
    const store = await openStore({ path });
    const database = new Database(path);
    expect(database.prepare('PRAGMA journal_mode').all()).toEqual([{ journal_mode: 'wal' }]);
    database.exec('BEGIN IMMEDIATE');
    expect(await store.listRuns({ limit: 10 })).toEqual([]);
    database.exec('ROLLBACK');
    database.close();
    await store.close();
  });

  test('fails when its folder does not exist', async () => {
    const nowhere = join(folder, 'nowhere');
    await expect(openStore({ path: join(nowhere, 'pawl.db') })).rejects.toEqual(
      unavailable('lost', `folder ${nowhere} does not exist: create it`),
    );
  });

  // Root may write everywhere.
  (process.getuid?.() === 0 ? test.skip : test)('fails when its folder may not be written', async () => {
    await chmod(folder, 0o500);
    await expect(openStore({ path })).rejects.toEqual(unavailable('read-only', 'may not be written'));
  });

  test('fails on a folder', async () => {
    await expect(openStore({ path: folder })).rejects.toEqual(unavailable('lost', 'cannot be opened: choose'));
  });

  test('fails on a file that is something else', async () => {
    await writeFile(path, 'not a database, but long enough to be looked at as one '.repeat(20));
    await expect(openStore({ path })).rejects.toEqual(unavailable('damaged', `${path} is not a pawl store`));
  });

  test('fails, and may be tried again, while another process holds it', async () => {
    const holder = new Database(path);
    holder.exec('BEGIN EXCLUSIVE');
    await expect(openStore({ path, busyTimeoutMs: 20 })).rejects.toEqual(
      unavailable('locked', `The store ${path} is locked by another process`),
    );
    holder.exec('ROLLBACK');
    holder.close();
    await (await openStore({ path, busyTimeoutMs: 20 })).close();
  });

  test('fails on a store from a newer pawl, and leaves it alone', async () => {
    await (await openStore({ path })).close();
    const database = new Database(path);
    database.exec(`INSERT INTO kysely_migration (name, timestamp) VALUES ('9999-later', '2030-01-01T00:00:00.000Z')`);
    database.close();
    const refused = unavailable('schema', 'made by a newer pawl (migration 9999-later): upgrade pawl');
    await expect(openStore({ path })).rejects.toEqual(refused);
    await expect(openStore({ path, readonly: true })).rejects.toEqual(refused);
  });
});

test('the samples of an older store are the first ones of their prompts', async () => {
  const file = new SqliteThread({ path, readonly: false, busyTimeoutMs: 100 });
  await file.open();
  await file.exec(`
    CREATE TABLE evaluations (id text PRIMARY KEY);
    CREATE TABLE samples (evaluation_id text NOT NULL, prompt_index integer NOT NULL, prompt_hash text NOT NULL,
      prompt_tokens integer NOT NULL, kind text NOT NULL, tokens text, text text, finish_reason text,
      mean_logprob double precision, score double precision, latency_ms double precision, served_identity text,
      error text, CONSTRAINT samples_key PRIMARY KEY (evaluation_id, prompt_index));
    INSERT INTO samples VALUES ('e', 3, 'h', 2, 'produced', '[5]', 'S', 'stop', -0.5, 1, 2, NULL, NULL);
  `);
  const db = new Kysely<unknown>({ dialect: threadDialect(file) });
  await severalSamples(db);
  await db.destroy();
  const database = new Database(path);
  const insert = "INSERT INTO samples SELECT 'e', 3, ?, 'h', 2, 'missing', '', '', '', 0, 0, 0, '', ''";
  database.prepare(insert).run(1);
  expect(() => database.prepare(insert).run(0)).toThrow('UNIQUE');
  const columns = 'prompt_index, sample_index, prompt_hash, tokens, mean_logprob, latency_ms';
  expect(database.prepare(`SELECT ${columns} FROM samples WHERE kind = 'produced'`).all()).toEqual([
    { prompt_index: 3, sample_index: 0, prompt_hash: 'h', tokens: '[5]', mean_logprob: -0.5, latency_ms: 2 },
  ]);
  database.close();
});

describe('an open store', () => {
  test('fails to write, and may be tried again, while another process writes', async () => {
    const store = await openStore({ path, busyTimeoutMs: 20 });
    await store.saveRun(newRun('a'));
    const writer = new Database(path);
    writer.exec('BEGIN IMMEDIATE');
    await expect(store.recordSteps('a', [metrics(1)])).rejects.toEqual(unavailable('locked', 'is locked'));
    writer.exec('COMMIT');
    writer.close();
    await store.recordSteps('a', [metrics(1)]);
    expect(await store.steps('a')).toEqual([metrics(1)]);
    // A row that only its own connection sees would be lost with it.
    const other = await openStore({ path, readonly: true });
    expect(await other.steps('a')).toEqual([metrics(1)]);
    await other.close();
    await store.close();
  });

  test('keeps what it wrote by a statement that answers with rows, whoever held the file before', async () => {
    const setup = new Database(path);
    setup.exec('PRAGMA journal_mode = WAL; CREATE TABLE taken (hour INTEGER PRIMARY KEY, by TEXT)');
    const [a, b] = await Promise.all(
      ['a', 'b'].map(async () => {
        const thread = new SqliteThread({ path, readonly: false, busyTimeoutMs: 20 });
        await thread.open();
        return new Kysely<{ taken: { hour: number; by: string } }>({ dialect: threadDialect(thread) });
      }),
    );
    if (a === undefined || b === undefined) throw new Error('two were opened');
    const take = (db: typeof a, by: string) =>
      db
        .insertInto('taken')
        .values({ hour: 1, by })
        .onConflict((conflict) => conflict.doNothing())
        .returning('by')
        .execute();
    setup.exec('BEGIN IMMEDIATE');
    await expect(take(a, 'a')).rejects.toThrow('locked');
    setup.exec('COMMIT');
    // A statement that was left behind would keep what comes next to its own connection.
    expect([await take(a, 'a'), await take(b, 'b')]).toEqual([[{ by: 'a' }], []]);
    expect(setup.prepare('SELECT * FROM taken').all()).toEqual([{ hour: 1, by: 'a' }]);
    setup.close();
    await Promise.all([a.destroy(), b.destroy()]);
  });

  test('writes as soon as another process lets go, and lets its own process run meanwhile', async () => {
    const store = await openStore({ path });
    const writer = new Database(path);
    writer.exec('BEGIN IMMEDIATE');
    // A store that waits by blocking would keep this timer, and so the lock it waits for, from ever ending.
    const released = new Promise<void>((resolve) => {
      setTimeout(() => {
        writer.exec('COMMIT');
        writer.close();
        resolve();
      }, 100);
    });
    await store.saveRun(newRun('a'));
    await released;
    expect(await store.getRun('a')).toMatchObject({ runId: 'a' });
    await store.close();
  });
});

describe('a reader', () => {
  test('reads beside a writer', async () => {
    const writer = await openStore({ path });
    const reader = await openStore({ path, readonly: true });
    await writer.saveRun(newRun('a'));
    expect(await reader.listRuns({ limit: 10 })).toHaveLength(1);
    await reader.close();
    await writer.close();
  });

  test('never writes', async () => {
    const writer = await openStore({ path });
    const options: { path: string; readonly?: boolean } = { path, readonly: true };
    const reader = await openStore(options);
    await expect(reader.saveRun(newRun('a'))).rejects.toEqual(unavailable('read-only', 'may not be written'));
    await reader.close();
    await writer.close();
  });

  test('never makes a store', async () => {
    await expect(openStore({ path, readonly: true })).rejects.toEqual(
      unavailable('lost', `There is no store at ${path} yet`),
    );
  });

  test('never migrates one', async () => {
    await writeFile(path, '');
    await expect(openStore({ path, readonly: true })).rejects.toEqual(unavailable('schema', 'has an older schema'));
  });
});
