/** Branches: the checkpoint that a run goes on from, and which of several branches was chosen. */
import type { Kysely } from 'kysely';

export async function up(db: Kysely<unknown>): Promise<void> {
  await db.schema.alterTable('runs').addColumn('parent_run', 'text').execute();
  await db.schema.alterTable('runs').addColumn('parent_checkpoint', 'text').execute();
  await db.schema.alterTable('runs').addColumn('parent_step', 'integer').execute();
  await db.schema.alterTable('runs').addColumn('changes', 'text').execute();
  await db.schema.createIndex('runs_parent_run').on('runs').column('parent_run').execute();
  await db.schema
    .createTable('branch_choices')
    .addColumn('run_id', 'text', (column) => column.primaryKey().references('runs.id'))
    .addColumn('checkpoint', 'text', (column) => column.notNull())
    .addColumn('step', 'integer', (column) => column.notNull())
    .addColumn('trial', 'integer', (column) => column.notNull())
    .addColumn('branches', 'text', (column) => column.notNull())
    .addColumn('chosen', 'text')
    .addColumn('reason', 'text', (column) => column.notNull())
    .addColumn('decided_at', 'text', (column) => column.notNull())
    .execute();
}
