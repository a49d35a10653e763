/** The first tables: runs, their events, steps, checkpoints, syncs, evaluations with samples, verdicts, prompt sets. */
import type { Kysely } from 'kysely';

export async function up(db: Kysely<unknown>): Promise<void> {
  await db.schema
    .createTable('runs')
    .addColumn('id', 'text', (column) => column.primaryKey())
    .addColumn('name', 'text', (column) => column.notNull())
    .addColumn('spec', 'text', (column) => column.notNull())
    .addColumn('plan', 'text')
    .addColumn('phase', 'text', (column) => column.notNull())
    .addColumn('step', 'integer', (column) => column.notNull())
    .addColumn('generation', 'integer', (column) => column.notNull())
    .addColumn('outcome', 'text', (column) => column.notNull())
    .addColumn('reason', 'text')
    .addColumn('release', 'text')
    .addColumn('created_at', 'text', (column) => column.notNull())
    .addColumn('updated_at', 'text', (column) => column.notNull())
    .execute();
  await db.schema.createIndex('runs_name').on('runs').column('name').execute();
  await db.schema.createIndex('runs_created_at').on('runs').column('created_at').execute();

  await db.schema
    .createTable('events')
    .addColumn('seq', 'integer', (column) => column.primaryKey().autoIncrement())
    .addColumn('run_id', 'text', (column) => column.notNull().references('runs.id'))
    .addColumn('key', 'text', (column) => column.notNull())
    .addColumn('at', 'text', (column) => column.notNull())
    .addColumn('phase', 'text', (column) => column.notNull())
    .addColumn('level', 'text', (column) => column.notNull())
    .addColumn('message', 'text', (column) => column.notNull())
    .addUniqueConstraint('events_key', ['run_id', 'key'])
    .execute();
  await db.schema.createIndex('events_run').on('events').columns(['run_id', 'seq']).execute();

  await db.schema
    .createTable('step_metrics')
    .addColumn('run_id', 'text', (column) => column.notNull().references('runs.id'))
    .addColumn('step', 'integer', (column) => column.notNull())
    .addColumn('generation', 'integer', (column) => column.notNull())
    .addColumn('loss_mean', 'double precision', (column) => column.notNull())
    .addColumn('learning_rate', 'double precision', (column) => column.notNull())
    .addColumn('tokens', 'integer', (column) => column.notNull())
    .addColumn('seconds', 'double precision', (column) => column.notNull())
    .addPrimaryKeyConstraint('step_metrics_key', ['run_id', 'step'])
    .execute();

  await db.schema
    .createTable('checkpoints')
    .addColumn('run_id', 'text', (column) => column.notNull().references('runs.id'))
    .addColumn('name', 'text', (column) => column.notNull())
    .addColumn('step', 'integer', (column) => column.notNull())
    .addColumn('generation', 'integer', (column) => column.notNull())
    .addColumn('state_path', 'text', (column) => column.notNull())
    .addColumn('snapshot_type', 'text', (column) => column.notNull())
    .addColumn('identity', 'text', (column) => column.notNull())
    .addColumn('previous_identity', 'text')
    .addColumn('saved_at', 'text', (column) => column.notNull())
    .addPrimaryKeyConstraint('checkpoints_key', ['run_id', 'name'])
    .execute();

  await db.schema
    .createTable('syncs')
    .addColumn('run_id', 'text', (column) => column.notNull().references('runs.id'))
    .addColumn('identity', 'text', (column) => column.notNull())
    .addColumn('replicas', 'integer', (column) => column.notNull())
    .addColumn('seconds', 'double precision', (column) => column.notNull())
    .addColumn('confirmed_at', 'text', (column) => column.notNull())
    .addPrimaryKeyConstraint('syncs_key', ['run_id', 'identity'])
    .execute();

  await db.schema
    .createTable('evaluations')
    .addColumn('id', 'text', (column) => column.primaryKey())
    .addColumn('run_id', 'text', (column) => column.notNull().references('runs.id'))
    .addColumn('checkpoint', 'text', (column) => column.notNull())
    .addColumn('step', 'integer', (column) => column.notNull())
    .addColumn('identity', 'text', (column) => column.notNull())
    .addColumn('prompt_set', 'text', (column) => column.notNull())
    .addColumn('metric', 'text', (column) => column.notNull())
    .addColumn('kind', 'text', (column) => column.notNull())
    .addColumn('score', 'double precision')
    .addColumn('low', 'double precision')
    .addColumn('high', 'double precision')
    .addColumn('samples', 'integer')
    .addColumn('missing', 'integer')
    .addColumn('reason', 'text')
    .addColumn('recorded_at', 'text', (column) => column.notNull())
    .execute();
  await db.schema.createIndex('evaluations_run').on('evaluations').columns(['run_id', 'checkpoint']).execute();

  // No reference to evaluations: samples are drawn, and kept, before their evaluation has an outcome.
  await db.schema
    .createTable('samples')
    .addColumn('evaluation_id', 'text', (column) => column.notNull())
    .addColumn('prompt_index', 'integer', (column) => column.notNull())
    .addColumn('prompt_hash', 'text', (column) => column.notNull())
    .addColumn('prompt_tokens', 'integer', (column) => column.notNull())
    .addColumn('kind', 'text', (column) => column.notNull())
    .addColumn('tokens', 'text')
    .addColumn('text', 'text')
    .addColumn('finish_reason', 'text')
    .addColumn('mean_logprob', 'double precision')
    .addColumn('score', 'double precision')
    .addColumn('latency_ms', 'double precision')
    .addColumn('served_identity', 'text')
    .addColumn('error', 'text')
    .addPrimaryKeyConstraint('samples_key', ['evaluation_id', 'prompt_index'])
    .execute();

  await db.schema
    .createTable('verdicts')
    .addColumn('run_id', 'text', (column) => column.notNull().references('runs.id'))
    .addColumn('checkpoint', 'text', (column) => column.notNull())
    .addColumn('kind', 'text', (column) => column.notNull())
    .addColumn('reason', 'text', (column) => column.notNull())
    .addColumn('decided_at', 'text', (column) => column.notNull())
    .addPrimaryKeyConstraint('verdicts_key', ['run_id', 'checkpoint'])
    .execute();

  await db.schema
    .createTable('prompt_sets')
    .addColumn('hash', 'text', (column) => column.primaryKey())
    .addColumn('prompts', 'integer', (column) => column.notNull())
    .addColumn('duplicates', 'integer', (column) => column.notNull())
    .addColumn('tokenizer', 'text', (column) => column.notNull())
    .addColumn('created_at', 'text', (column) => column.notNull())
    .execute();
}
