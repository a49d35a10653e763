/** Schedules, and every time of theirs that fired or did not, by when it was due. */
import type { Kysely } from 'kysely';

export async function up(db: Kysely<unknown>): Promise<void> {
  await db.schema
    .createTable('schedules')
    .addColumn('name', 'text', (column) => column.primaryKey())
    .addColumn('spec', 'text', (column) => column.notNull())
    .addColumn('file', 'text', (column) => column.notNull())
    .addColumn('asked_by', 'text', (column) => column.notNull())
    .addColumn('created_at', 'text', (column) => column.notNull())
    .addColumn('updated_at', 'text', (column) => column.notNull())
    .addColumn('audited_until', 'text', (column) => column.notNull())
    .addColumn('paused_since', 'text')
    .addColumn('pause_note', 'text')
    .addColumn('removed_at', 'text')
    .execute();
  await db.schema
    .createTable('firings')
    .addColumn('schedule', 'text', (column) => column.notNull())
    .addColumn('nominal_at', 'text', (column) => column.notNull())
    .addColumn('state', 'text', (column) => column.notNull())
    .addColumn('fired_at', 'text')
    .addColumn('ended_at', 'text')
    .addColumn('kind', 'text')
    .addColumn('subject', 'text')
    .addColumn('plan', 'text')
    .addColumn('data_hash', 'text')
    .addColumn('reason', 'text')
    .addPrimaryKeyConstraint('firings_key', ['schedule', 'nominal_at'])
    .execute();
  await db.schema
    .createTable('schedule_events')
    .addColumn('seq', 'integer', (column) => column.primaryKey().autoIncrement())
    .addColumn('schedule', 'text', (column) => column.notNull())
    .addColumn('key', 'text', (column) => column.notNull())
    .addColumn('at', 'text', (column) => column.notNull())
    .addColumn('message', 'text', (column) => column.notNull())
    .addUniqueConstraint('schedule_events_key', ['schedule', 'key'])
    .execute();
}
