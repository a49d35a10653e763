/** What was changed of sweeps while they ran: when in their order, and by whom. */
import type { Kysely } from 'kysely';

export async function up(db: Kysely<unknown>): Promise<void> {
  await db.schema
    .createTable('sweep_changes')
    .addColumn('sweep_id', 'text', (column) => column.notNull())
    .addColumn('decision_order', 'integer', (column) => column.notNull())
    .addColumn('change', 'text', (column) => column.notNull())
    .addPrimaryKeyConstraint('sweep_changes_key', ['sweep_id', 'decision_order'])
    .execute();
  await db.schema.createIndex('trials_run_id').on('trials').column('run_id').execute();
}
