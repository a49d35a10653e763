/** Tokens, requests under keys, and the record of who did what. */
import type { Selectable } from 'kysely';
import type { AccessReader, AccessWriter, StoredRequest, StoredToken } from './access-records.ts';
import { now, present } from './codec.ts';
import type { Sql, Tables } from './schema.ts';

export function accessTables(db: Sql): AccessReader & AccessWriter {
  return {
    async tokenByHash(hash) {
      const row = await db.selectFrom('tokens').selectAll().where('hash', '=', hash).executeTakeFirst();
      return row && toToken(row);
    },

    async tokens() {
      const rows = await db.selectFrom('tokens').selectAll().orderBy('createdAt', 'desc').orderBy('id').execute();
      return rows.map(toToken);
    },

    async audit({ limit, before }) {
      let query = db.selectFrom('audit').selectAll();
      if (before !== undefined) query = query.where('seq', '<', before);
      return query.orderBy('seq', 'desc').limit(limit).execute();
    },

    async addToken(token) {
      await db.insertInto('tokens').values(token).execute();
    },

    async revokeToken(id) {
      const known = await db.selectFrom('tokens').select('id').where('id', '=', id).executeTakeFirst();
      const revoked = db.updateTable('tokens').set({ revokedAt: now() }).where('id', '=', id);
      await revoked.where('revokedAt', 'is', null).execute();
      return known !== undefined;
    },

    async beginRequest({ owner, key, ...request }) {
      await db
        .insertInto('requests')
        .values({ owner, key, ...request, askedAt: now() })
        .onConflict((conflict) => conflict.columns(['owner', 'key']).doNothing())
        .execute();
      const stored = db.selectFrom('requests').selectAll().where('owner', '=', owner).where('key', '=', key);
      return toRequest(await stored.executeTakeFirstOrThrow());
    },

    async endRequest({ owner, key }, done) {
      const request = db.updateTable('requests').set(done).where('owner', '=', owner).where('key', '=', key);
      await request.where('status', 'is', null).execute();
    },

    async forgetRequests(before) {
      await db.deleteFrom('requests').where('askedAt', '<', before).execute();
    },

    async noteAction(entry) {
      await db
        .insertInto('audit')
        .values({ ...entry, at: now() })
        .execute();
    },
  };
}

function toToken(row: Selectable<Tables['tokens']>): StoredToken {
  const { hash: _, ...token } = present(row);
  return token;
}

function toRequest({ status, answer, ...request }: Selectable<Tables['requests']>): StoredRequest {
  return { ...request, ...(status !== null && answer !== null && { done: { status, answer } }) };
}
