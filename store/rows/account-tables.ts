/** Named budgets and what is reserved of them. */
import { sql } from 'kysely';
import type { AccountReader, AccountWriter } from './account-records.ts';
import { now } from './codec.ts';
import type { Sql } from './schema.ts';

export function accountTables(db: Sql): AccountReader & AccountWriter {
  return {
    account: async (name) => db.selectFrom('accounts').selectAll().where('name', '=', name).executeTakeFirst(),

    accounts: async () => db.selectFrom('accounts').selectAll().orderBy('name').execute(),

    async grants(account, period) {
      const rows = await db
        .selectFrom('accountGrants')
        .selectAll()
        .where('account', '=', account)
        .where('period', '=', period)
        .orderBy('runId')
        .execute();
      return rows.map(({ settled, ...grant }) => ({ ...grant, settled: settled === 1 }));
    },

    async setAccount(account) {
      const row = { ...account, setAt: now() };
      await db
        .insertInto('accounts')
        .values(row)
        .onConflict((conflict) => conflict.column('name').doUpdateSet(row))
        .execute();
    },

    async raiseGrant({ account, period, runId, upTo, maxCost }) {
      // A statement that writes holds the store while it reads: of two that ask at once, the second sees the first's.
      const others = sql<number>`(select coalesce(sum(granted), 0) from account_grants
        where account = ${account} and period = ${period} and run_id <> ${runId})`;
      const raised = sql<number>`max(0, min(${upTo}, ${maxCost} - ${others}))`;
      await db
        .insertInto('accountGrants')
        .values({ account, period, runId, granted: raised, settled: 0 })
        .onConflict((conflict) =>
          conflict
            .columns(['account', 'period', 'runId'])
            .doUpdateSet({ granted: sql`max(account_grants.granted, excluded.granted)`, settled: 0 }),
        )
        .execute();
      // Asked for on its own: what a statement returns is read by it, and not under the lock that writers take.
      const row = await db
        .selectFrom('accountGrants')
        .select('granted')
        .where('account', '=', account)
        .where('period', '=', period)
        .where('runId', '=', runId)
        .executeTakeFirstOrThrow();
      return row.granted;
    },

    async settleGrant({ account, period, runId, cost }) {
      await db
        .updateTable('accountGrants')
        .set({ granted: cost, settled: 1 })
        .where('account', '=', account)
        .where('period', '=', period)
        .where('runId', '=', runId)
        .execute();
    },
  };
}
