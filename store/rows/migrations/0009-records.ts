/** How many records of each run arrived: fewer than the run was told of, and the store is an older copy of itself. */
import type { Kysely } from 'kysely';

export async function up(db: Kysely<unknown>): Promise<void> {
  await db.schema
    .alterTable('runs')
    .addColumn('records', 'integer', (column) => column.notNull().defaultTo(0))
    .execute();
}
