/** Checkpoints served again: who holds a lease, what was evaluated beside runs and why, what deployments were taken back to. */
import type { Kysely } from 'kysely';

export async function up(db: Kysely<unknown>): Promise<void> {
  await db.schema.alterTable('leases').addColumn('holder', 'text').execute();
  await db.schema.alterTable('evaluations').addColumn('appraisal', 'text').execute();

  await db.schema
    .createTable('appraisals')
    .addColumn('id', 'text', (column) => column.primaryKey())
    .addColumn('run_id', 'text', (column) => column.notNull().references('runs.id'))
    .addColumn('suite', 'text', (column) => column.notNull())
    .addColumn('reason', 'text', (column) => column.notNull())
    .addColumn('started_at', 'text', (column) => column.notNull())
    .execute();
  await db.schema.createIndex('appraisals_run').on('appraisals').column('run_id').execute();

  await db.schema
    .createTable('rollbacks')
    .addColumn('id', 'text', (column) => column.primaryKey())
    .addColumn('deployment_id', 'text', (column) => column.notNull())
    .addColumn('run_id', 'text', (column) => column.notNull().references('runs.id'))
    .addColumn('checkpoint', 'text', (column) => column.notNull())
    .addColumn('identity', 'text', (column) => column.notNull())
    .addColumn('previous_identity', 'text')
    .addColumn('replicas', 'integer', (column) => column.notNull())
    .addColumn('requested_by', 'text', (column) => column.notNull())
    .addColumn('confirmed_at', 'text', (column) => column.notNull())
    .execute();
  await db.schema.createIndex('rollbacks_deployment').on('rollbacks').column('deployment_id').execute();
}
