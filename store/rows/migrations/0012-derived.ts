/**
 * What is computed once of an evaluation and kept: its prompts' scores, a fingerprint of its answers, its differences from
 * earlier ones. And the indexes by which evaluations are asked for.
 */
import type { Kysely } from 'kysely';

export async function up(db: Kysely<unknown>): Promise<void> {
  await db.schema.alterTable('evaluations').addColumn('answers', 'text').execute();
  await db.schema.alterTable('evaluations').addColumn('comparisons', 'text').execute();
  await db.schema.createIndex('evaluations_answers').on('evaluations').columns(['run_id', 'answers', 'step']).execute();
  await db.schema
    .createIndex('evaluations_suite')
    .on('evaluations')
    .columns(['run_id', 'appraisal', 'kind', 'suite', 'step', 'recorded_at'])
    .execute();
  await db.schema
    .createTable('prompt_scores')
    .addColumn('evaluation_id', 'text', (column) => column.primaryKey())
    .addColumn('scores', 'text', (column) => column.notNull())
    .execute();
}
