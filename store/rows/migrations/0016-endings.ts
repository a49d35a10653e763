/** How many answers of an evaluation were cut by their limit, and how many were still reasoning. */
import type { Kysely } from 'kysely';

export async function up(db: Kysely<unknown>): Promise<void> {
  for (const column of ['cut', 'unended']) {
    await db.schema.alterTable('evaluations').addColumn(column, 'integer').execute();
  }
}
