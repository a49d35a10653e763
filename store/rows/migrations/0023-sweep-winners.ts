/** Winners of sweeps: what the best scored when they were asked again, who was chosen, and what became of the promotion. */
import type { Kysely } from 'kysely';

export async function up(db: Kysely<unknown>): Promise<void> {
  await db.schema.alterTable('sweeps').addColumn('winner', 'text').execute();
  await db.schema.alterTable('sweeps').addColumn('promotion', 'text').execute();
  await db.schema.alterTable('trials').addColumn('confirmation', 'text').execute();
}
