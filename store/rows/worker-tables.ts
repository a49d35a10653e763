/** The store's own id, and the workers that poll for it. */
import { PawlError } from '../../domain/words/failures-of-calls.ts';
import { now, present } from './codec.ts';
import type { Sql } from './schema.ts';
import type { WorkerReader, WorkerWriter } from './worker-records.ts';

const STORE_ID = 'store-id';

/** One record of a queue is kept for ever: a client must find it whenever it comes back. */
const KEPT_WORKERS = 200;

export function workerTables(db: Sql): WorkerReader & WorkerWriter {
  return {
    async storeId() {
      const row = await db.selectFrom('meta').select('value').where('name', '=', STORE_ID).executeTakeFirst();
      if (row === undefined) throw new PawlError('InvalidRequest', 'The store has no id yet: start a worker once.');
      return row.value;
    },

    async workers() {
      const rows = await db
        .selectFrom('workers')
        .selectAll()
        .orderBy('movedAt', 'desc')
        .orderBy('id')
        .limit(KEPT_WORKERS)
        .execute();
      return rows.map((row) => present(row));
    },

    async noteWorker({ id, queueName, taskQueue, platform, account }) {
      const at = now();
      await db
        .insertInto('workers')
        .values({ id, queueName, taskQueue, platform, account, startedAt: at, movedAt: at })
        .onConflict((conflict) => conflict.column('id').doUpdateSet({ movedAt: at }))
        .execute();
    },

    async endWorker(id) {
      await db.updateTable('workers').set({ endedAt: now() }).where('id', '=', id).execute();
    },
  };
}

/** The id that the store has from here on: the first one that it is given stands. */
export async function giveId(db: Sql, id: string): Promise<string> {
  await db
    .insertInto('meta')
    .values({ name: STORE_ID, value: id })
    .onConflict((conflict) => conflict.column('name').doNothing())
    .execute();
  const { value } = await db.selectFrom('meta').select('value').where('name', '=', STORE_ID).executeTakeFirstOrThrow();
  return value;
}
