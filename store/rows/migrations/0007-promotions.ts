/** Promotions: what aliases stand for, what was compared before they did, and everything that happened on the way. */
import type { Kysely } from 'kysely';

export async function up(db: Kysely<unknown>): Promise<void> {
  await db.schema
    .createTable('promotions')
    .addColumn('id', 'text', (column) => column.primaryKey())
    .addColumn('alias', 'text', (column) => column.notNull())
    // No reference to a run or checkpoint: that one was asked for what is not there is on record, too.
    .addColumn('run_id', 'text', (column) => column.notNull())
    .addColumn('checkpoint', 'text', (column) => column.notNull())
    .addColumn('identity', 'text')
    .addColumn('step', 'integer')
    .addColumn('model', 'text')
    .addColumn('state', 'text', (column) => column.notNull())
    // 1, 2, … in the order in which promotions became the champion of their alias.
    .addColumn('reign', 'integer')
    .addColumn('gate', 'text', (column) => column.notNull())
    .addColumn('reason', 'text')
    .addColumn('comparisons', 'text')
    .addColumn('champion_before', 'text')
    .addColumn('asked_by', 'text', (column) => column.notNull())
    .addColumn('asked_at', 'text', (column) => column.notNull())
    .addColumn('decided_by', 'text')
    .addColumn('decided_at', 'text')
    .execute();
  await db.schema.createIndex('promotions_alias').on('promotions').columns(['alias', 'reign']).unique().execute();

  await db.schema
    .createTable('promotion_events')
    .addColumn('seq', 'integer', (column) => column.primaryKey().autoIncrement())
    .addColumn('promotion_id', 'text', (column) => column.notNull().references('promotions.id'))
    .addColumn('event', 'text', (column) => column.notNull())
    .addColumn('at', 'text', (column) => column.notNull())
    .addColumn('by', 'text')
    .addColumn('message', 'text')
    .addUniqueConstraint('promotion_events_key', ['promotion_id', 'event'])
    .execute();
}
