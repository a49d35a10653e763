/**
 * By what is asked of checkpoints: pages in their order, the one of an identity, the best by its score, and what was judged
 * since somebody looked last, for which verdicts are numbered within their run.
 */
import { sql, type Kysely } from 'kysely';

export async function up(db: Kysely<unknown>): Promise<void> {
  await db.schema
    .createIndex('checkpoints_order')
    .on('checkpoints')
    .columns(['run_id', 'step', 'generation', 'saved_at'])
    .execute();
  await db.schema.createIndex('checkpoints_identity').on('checkpoints').columns(['run_id', 'identity']).execute();
  await db.schema
    .createIndex('evaluations_score')
    .on('evaluations')
    .columns(['run_id', 'appraisal', 'kind', 'suite', 'score', 'step'])
    .execute();

  await db.schema.alterTable('verdicts').addColumn('seq', 'integer').execute();
  // In order of their recording.
  await sql`update verdicts set seq = rowid`.execute(db);
  await db.schema.createIndex('verdicts_seq').on('verdicts').columns(['run_id', 'seq']).execute();
}
