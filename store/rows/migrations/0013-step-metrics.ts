/** What the objective and the trainer told of a step, beside its loss: numbers by name, as JSON. */
import type { Kysely } from 'kysely';

export async function up(db: Kysely<unknown>): Promise<void> {
  await db.schema.alterTable('step_metrics').addColumn('metrics', 'text').execute();
}
