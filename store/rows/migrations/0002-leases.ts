/** What is rented, for which run, until when; and how often, how far and why runs went back. */
import type { Kysely } from 'kysely';

export async function up(db: Kysely<unknown>): Promise<void> {
  await db.schema
    .createTable('leases')
    .addColumn('kind', 'text', (column) => column.notNull())
    .addColumn('id', 'text', (column) => column.notNull())
    .addColumn('run_id', 'text', (column) => column.notNull().references('runs.id'))
    .addColumn('namespace_id', 'text')
    .addColumn('planned_at', 'text', (column) => column.notNull())
    .addColumn('released_at', 'text')
    .addColumn('state', 'text')
    .addPrimaryKeyConstraint('leases_key', ['kind', 'id'])
    .execute();
  await db.schema.createIndex('leases_run').on('leases').column('run_id').execute();
  await db.schema.createIndex('leases_released_at').on('leases').column('released_at').execute();

  await db.schema
    .createTable('rewinds')
    .addColumn('run_id', 'text', (column) => column.notNull().references('runs.id'))
    .addColumn('generation', 'integer', (column) => column.notNull())
    .addColumn('cause', 'text', (column) => column.notNull())
    .addColumn('from_step', 'integer', (column) => column.notNull())
    .addColumn('to_step', 'integer', (column) => column.notNull())
    .addColumn('seconds', 'double precision', (column) => column.notNull())
    .addColumn('cost', 'double precision', (column) => column.notNull())
    .addColumn('recorded_at', 'text', (column) => column.notNull())
    .addPrimaryKeyConstraint('rewinds_key', ['run_id', 'generation'])
    .execute();
}
