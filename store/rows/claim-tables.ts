/** Claims on work that is to be done once for all: held for a while, renewed by whoever is at it, free once it is not. */
import { now } from './codec.ts';
import type { ClaimWriter } from './claim-records.ts';
import type { Sql } from './schema.ts';

export function claimTables(db: Sql): ClaimWriter {
  return {
    async claim({ key, holder }, forMs) {
      const at = now();
      const until = new Date(Date.parse(at) + forMs).toISOString();
      await db
        .insertInto('claims')
        .values({ key, holder, until })
        .onConflict((conflict) =>
          conflict
            .column('key')
            .doUpdateSet({ holder, until })
            .where((is) => is.or([is('claims.holder', '=', holder), is('claims.until', '<=', at)])),
        )
        .execute();
      const row = await db.selectFrom('claims').select('holder').where('key', '=', key).executeTakeFirst();
      return row?.holder === holder;
    },

    async unclaim({ key, holder }) {
      await db.deleteFrom('claims').where('key', '=', key).where('holder', '=', holder).execute();
    },
  };
}
