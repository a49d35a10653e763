/** Sweeps: what was asked for, every trial that was proposed, what each scored, and what was decided, in its order. */
import type { Kysely } from 'kysely';

export async function up(db: Kysely<unknown>): Promise<void> {
  await db.schema
    .createTable('sweeps')
    .addColumn('id', 'text', (column) => column.primaryKey())
    .addColumn('name', 'text', (column) => column.notNull())
    .addColumn('spec', 'text', (column) => column.notNull())
    .addColumn('experiment', 'text', (column) => column.notNull())
    .addColumn('suite', 'text', (column) => column.notNull())
    .addColumn('goal', 'text', (column) => column.notNull())
    .addColumn('asked_by', 'text', (column) => column.notNull())
    .addColumn('outcome', 'text', (column) => column.notNull())
    .addColumn('reason', 'text')
    .addColumn('best', 'text')
    .addColumn('created_at', 'text', (column) => column.notNull())
    .addColumn('updated_at', 'text', (column) => column.notNull())
    .execute();
  await db.schema.createIndex('sweeps_created_at').on('sweeps').column('created_at').execute();
  await db.schema
    .createTable('trials')
    .addColumn('sweep_id', 'text', (column) => column.notNull())
    .addColumn('number', 'integer', (column) => column.notNull())
    .addColumn('run_id', 'text', (column) => column.notNull())
    .addColumn('planned', 'text', (column) => column.notNull())
    .addColumn('proposed_order', 'integer', (column) => column.notNull())
    .addColumn('state', 'text', (column) => column.notNull())
    .addColumn('ended_order', 'integer')
    .addColumn('reason', 'text')
    .addColumn('run_outcome', 'text')
    .addColumn('run_reason', 'text')
    .addPrimaryKeyConstraint('trials_key', ['sweep_id', 'number'])
    .execute();
  await db.schema
    .createTable('trial_scores')
    .addColumn('sweep_id', 'text', (column) => column.notNull())
    .addColumn('number', 'integer', (column) => column.notNull())
    .addColumn('step', 'integer', (column) => column.notNull())
    .addColumn('decision_order', 'integer', (column) => column.notNull())
    .addColumn('checkpoint', 'text', (column) => column.notNull())
    .addColumn('score', 'numeric', (column) => column.notNull())
    .addColumn('low', 'numeric')
    .addColumn('high', 'numeric')
    .addColumn('prompts', 'integer')
    .addColumn('verdict', 'text')
    .addPrimaryKeyConstraint('trial_scores_key', ['sweep_id', 'number', 'step'])
    .execute();
  await db.schema
    .createTable('sweep_events')
    .addColumn('seq', 'integer', (column) => column.primaryKey().autoIncrement())
    .addColumn('sweep_id', 'text', (column) => column.notNull())
    .addColumn('key', 'text', (column) => column.notNull())
    .addColumn('at', 'text', (column) => column.notNull())
    .addColumn('message', 'text', (column) => column.notNull())
    .addUniqueConstraint('sweep_events_key', ['sweep_id', 'key'])
    .execute();
}
