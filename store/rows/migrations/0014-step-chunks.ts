/**
 * Steps by the thousand: their extremes, means and numbers in one row, for who asks about millions. They are derived, so
 * whatever changes a step takes the row of its thousand away, whoever does it. And steps stand in the order of their key,
 * once, instead of beside an index that holds it a second time: that makes up for the space.
 */
import { sql, type Kysely } from 'kysely';

const COLUMNS = ['run_id', 'step', 'generation', 'loss_mean', 'learning_rate', 'tokens', 'seconds', 'metrics'];

export async function up(db: Kysely<unknown>): Promise<void> {
  await db.schema.alterTable('step_metrics').renameTo('step_metrics_before').execute();
  await db.schema
    .createTable('step_metrics')
    .addColumn('run_id', 'text', (column) => column.notNull().references('runs.id'))
    .addColumn('step', 'integer', (column) => column.notNull())
    .addColumn('generation', 'integer', (column) => column.notNull())
    .addColumn('loss_mean', 'double precision', (column) => column.notNull())
    .addColumn('learning_rate', 'double precision', (column) => column.notNull())
    .addColumn('tokens', 'integer', (column) => column.notNull())
    .addColumn('seconds', 'double precision', (column) => column.notNull())
    .addColumn('metrics', 'text')
    .addPrimaryKeyConstraint('steps_of_runs_key', ['run_id', 'step'])
    .modifyEnd(sql`without rowid`)
    .execute();
  const columns = sql.join(COLUMNS.map((column) => sql.ref(column)));
  await sql`insert into step_metrics (${columns}) select ${columns} from step_metrics_before`.execute(db);
  await db.schema.dropTable('step_metrics_before').execute();

  await db.schema
    .createTable('step_chunks')
    .addColumn('run_id', 'text', (column) => column.notNull().references('runs.id'))
    .addColumn('chunk', 'integer', (column) => column.notNull())
    // Of the losses that are numbers; NULL: none is.
    .addColumn('loss_min', 'double precision')
    .addColumn('loss_mean', 'double precision')
    .addColumn('loss_max', 'double precision')
    .addColumn('not_finite', 'integer', (column) => column.notNull())
    .addColumn('tokens', 'integer', (column) => column.notNull())
    .addColumn('seconds', 'double precision', (column) => column.notNull())
    .addColumn('metrics', 'text')
    .addColumn('numbers', 'blob', (column) => column.notNull())
    .addPrimaryKeyConstraint('step_chunks_key', ['run_id', 'chunk'])
    .execute();
  for (const [event, row] of [
    ['insert', 'new'],
    ['update', 'new'],
    ['delete', 'old'],
  ]) {
    await sql
      .raw(
        `create trigger step_chunks_${event} after ${event} on step_metrics begin
           delete from step_chunks where run_id = ${row}.run_id and chunk = (${row}.step - 1) / 1000;
         end`,
      )
      .execute(db);
  }
}
