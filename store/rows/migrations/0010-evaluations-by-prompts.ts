/** Who was asked the prompts of a set: without an index every evaluation ever made would be read. */
import type { Kysely } from 'kysely';

export async function up(db: Kysely<unknown>): Promise<void> {
  await db.schema.createIndex('evaluations_prompts').on('evaluations').columns(['prompt_set', 'kind']).execute();
}
