/** Names for prompt sets: a name moves, a hash does not. */
import type { Kysely } from 'kysely';

export async function up(db: Kysely<unknown>): Promise<void> {
  await db.schema
    .createTable('prompt_aliases')
    .addColumn('name', 'text', (column) => column.primaryKey())
    .addColumn('hash', 'text', (column) => column.notNull().references('prompt_sets.hash'))
    .addColumn('moved_at', 'text', (column) => column.notNull())
    .execute();
}
