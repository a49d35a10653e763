/** Whose store this is, who works on it and where: what was rented or saved at one place is nobody else's to judge. */
import type { Kysely } from 'kysely';

export async function up(db: Kysely<unknown>): Promise<void> {
  await db.schema
    .createTable('meta')
    .addColumn('name', 'text', (column) => column.primaryKey())
    .addColumn('value', 'text', (column) => column.notNull())
    .execute();
  await db.schema
    .createTable('workers')
    .addColumn('id', 'text', (column) => column.primaryKey())
    // The name that was asked for, and the queue of this store and place that came of it.
    .addColumn('queue_name', 'text', (column) => column.notNull())
    .addColumn('task_queue', 'text', (column) => column.notNull())
    .addColumn('platform', 'text', (column) => column.notNull())
    .addColumn('account', 'text', (column) => column.notNull())
    .addColumn('started_at', 'text', (column) => column.notNull())
    .addColumn('moved_at', 'text', (column) => column.notNull())
    .addColumn('ended_at', 'text')
    .execute();
  for (const table of ['leases', 'checkpoints']) {
    await db.schema.alterTable(table).addColumn('platform', 'text').execute();
    await db.schema.alterTable(table).addColumn('account', 'text').execute();
  }
  await db.schema.alterTable('leases').addColumn('kept_at', 'text').execute();
  await db.schema.alterTable('runs').addColumn('namespace_id', 'text').execute();
}
