/** The outbox: what people are to be told of, and how far each channel is with it. */
import { sql, type Kysely } from 'kysely';

export async function up(db: Kysely<unknown>): Promise<void> {
  await db.schema
    .createTable('announcements')
    // In order of their facts, of which one is written after the other.
    .addColumn('seq', 'integer', (column) => column.primaryKey().autoIncrement())
    .addColumn('id', 'text', (column) => column.notNull().unique())
    .addColumn('kind', 'text', (column) => column.notNull())
    .addColumn('subject_kind', 'text', (column) => column.notNull())
    .addColumn('subject_id', 'text', (column) => column.notNull())
    .addColumn('at', 'text', (column) => column.notNull())
    .addColumn('title', 'text', (column) => column.notNull())
    .addColumn('data', 'text', (column) => column.notNull())
    .addColumn('notify', 'text')
    .addColumn('routed_at', 'text')
    .execute();
  // It is asked every second, and is nearly always empty.
  await sql`create index announcements_unrouted on announcements (seq) where routed_at is null`.execute(db);
  await db.schema
    .createIndex('announcements_subject')
    .on('announcements')
    .columns(['subject_kind', 'subject_id'])
    .execute();
  await db.schema
    .createTable('deliveries')
    .addColumn('channel', 'text', (column) => column.notNull())
    .addColumn('announcement', 'text', (column) => column.notNull().references('announcements.id'))
    .addColumn('seq', 'integer', (column) => column.notNull())
    .addColumn('subject', 'text', (column) => column.notNull())
    .addColumn('state', 'text', (column) => column.notNull())
    .addColumn('attempts', 'integer', (column) => column.notNull())
    .addColumn('first_at', 'text')
    .addColumn('next_at', 'text')
    .addColumn('settled_at', 'text')
    .addColumn('problem', 'text')
    .addPrimaryKeyConstraint('deliveries_key', ['channel', 'announcement'])
    .execute();
  await sql`create index deliveries_waiting on deliveries (channel, seq) where state = 'waiting'`.execute(db);
}
