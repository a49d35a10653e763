/** Which trainer saved a checkpoint: what loads it, promotes it or serves it again must name that trainer. */
import type { Kysely } from 'kysely';

export async function up(db: Kysely<unknown>): Promise<void> {
  await db.schema.alterTable('checkpoints').addColumn('trainer_id', 'text').execute();
  await db.schema.alterTable('checkpoints').addColumn('state_trainer_id', 'text').execute();
}
