/** What rows that are not trained on say of a checkpoint. */
import type { Kysely } from 'kysely';

export async function up(db: Kysely<unknown>): Promise<void> {
  await db.schema.alterTable('checkpoints').addColumn('validation', 'text').execute();
}
