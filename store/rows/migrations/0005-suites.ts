/** Several samples of a prompt; suites beside the main one, how their answers were drawn, and how sure the model was. */
import { sql, type Kysely } from 'kysely';

const SAMPLE_COLUMNS = [
  'evaluation_id',
  'prompt_index',
  'prompt_hash',
  'prompt_tokens',
  'kind',
  'tokens',
  'text',
  'finish_reason',
  'mean_logprob',
  'score',
  'latency_ms',
  'served_identity',
  'error',
];

export async function up(db: Kysely<unknown>): Promise<void> {
  for (const column of ['suite', 'grader', 'sampling']) {
    await db.schema.alterTable('evaluations').addColumn(column, 'text').execute();
  }
  await db.schema.alterTable('evaluations').addColumn('prompts', 'integer').execute();
  await db.schema.alterTable('evaluations').addColumn('entropy', 'double precision').execute();

  // A primary key cannot be changed: the rows move into a new table, as the first sample of their prompt.
  await db.schema.alterTable('samples').renameTo('samples_before').execute();
  await db.schema
    .createTable('samples')
    .addColumn('evaluation_id', 'text', (column) => column.notNull())
    .addColumn('prompt_index', 'integer', (column) => column.notNull())
    .addColumn('sample_index', 'integer', (column) => column.notNull().defaultTo(0))
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
    .addPrimaryKeyConstraint('samples_of_prompts_key', ['evaluation_id', 'prompt_index', 'sample_index'])
    .execute();
  const columns = sql.join(SAMPLE_COLUMNS.map((column) => sql.ref(column)));
  await sql`insert into samples (${columns}) select ${columns} from samples_before`.execute(db);
  await db.schema.dropTable('samples_before').execute();
}
