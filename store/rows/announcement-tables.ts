/** The outbox: events written in the transaction of the fact that they tell of, and the deliveries of each. */
import { sql, type Selectable } from 'kysely';
import { announcementId, type Announcement } from '../../domain/words/announcements.ts';
import type { ChannelState } from '../../domain/words/notify.ts';
import { cutText } from '../../domain/words/outside-text.ts';
import type { AnnouncementReader, AnnouncementWriter, Delivery, StoredAnnouncement } from './announcement-records.ts';
import { fromJson, now, toJson } from './codec.ts';
import type { Sql, Tables } from './schema.ts';

/** A channel may be a text on a telephone. */
const LONGEST_TITLE = 300;
const LONGEST_TEXT = 500;

/** The row of `meta`. */
const CHANNELS = 'channels';

/**
 * Within the transaction that writes the fact: call it with that transaction. Of an event the first write stands.
 */
async function announce(transaction: Sql, told: readonly Announcement[]): Promise<void> {
  for (const { kind, subject, ordinal, title, data = {}, notify } of told) {
    await transaction
      .insertInto('announcements')
      .values({
        id: announcementId({ kind, subject, ordinal }),
        kind,
        subjectKind: subject.kind,
        subjectId: subject.id,
        at: now(),
        title: cutText(title, LONGEST_TITLE),
        data: toJson(bounded(data)),
        notify: notify === undefined ? null : toJson(notify),
      })
      .onConflict((conflict) => conflict.column('id').doNothing())
      .execute();
  }
}

/** Writes a fact, and what is told of it, both or neither. Nothing is told of a fact that did not stand (`false`). */
export async function telling(
  db: Sql,
  told: readonly Announcement[] | undefined,
  fact: (db: Sql) => Promise<boolean>,
): Promise<void> {
  if (told === undefined || told.length === 0) {
    await fact(db);
    return;
  }
  await db.transaction().execute(async (transaction) => {
    if (await fact(transaction)) await announce(transaction, told);
  });
}

export function announcementTables(db: Sql): AnnouncementReader & AnnouncementWriter {
  return {
    announce: async (announcement) => announce(db, [announcement]),

    async announcements({ limit, subject }) {
      let query = db.selectFrom('announcements').selectAll();
      if (subject !== undefined) {
        query = query.where('subjectKind', '=', subject.kind).where('subjectId', '=', subject.id);
      }
      return (await query.orderBy('seq', 'desc').limit(limit).execute()).map(toAnnouncement);
    },

    async channelStates() {
      const row = await db.selectFrom('meta').select('value').where('name', '=', CHANNELS).executeTakeFirst();
      return row === undefined ? [] : (fromJson(row.value) as ChannelState[]);
    },

    async noteChannels(states) {
      const value = toJson(states);
      await db
        .insertInto('meta')
        .values({ name: CHANNELS, value })
        .onConflict((conflict) => conflict.column('name').doUpdateSet({ value }))
        .execute();
    },

    async unrouted(limit) {
      const rows = await db
        .selectFrom('announcements')
        .selectAll()
        .where('routedAt', 'is', null)
        .orderBy('seq')
        .limit(limit)
        .execute();
      return rows.map(toAnnouncement);
    },

    async routed(id, channels) {
      await db.transaction().execute(async (transaction) => {
        const row = await transaction
          .updateTable('announcements')
          .set({ routedAt: now() })
          .where('id', '=', id)
          .where('routedAt', 'is', null)
          .returning(['seq', 'subjectKind', 'subjectId'])
          .executeTakeFirst();
        if (row === undefined) return;
        const subject = `${row.subjectKind}/${row.subjectId}`;
        for (const channel of new Set(channels)) {
          await transaction
            .insertInto('deliveries')
            .values({ channel, announcement: id, seq: row.seq, subject, state: 'waiting', attempts: 0 })
            .execute();
        }
      });
    },

    async heads(channel, limit) {
      const first = db
        .selectFrom('deliveries')
        .select(({ fn }) => fn.min('seq').as('seq'))
        .where('channel', '=', channel)
        .where('state', '=', 'waiting')
        .groupBy('subject');
      const rows = await withAnnouncement(db)
        .where('channel', '=', channel)
        .where('state', '=', 'waiting')
        .where('deliveries.seq', 'in', first)
        .orderBy(sql`coalesce(next_at, '')`)
        .orderBy('deliveries.seq')
        .limit(limit)
        .execute();
      return rows.map(toDelivery);
    },

    async deliveryCounts() {
      return db
        .selectFrom('deliveries')
        .select(['channel', 'state', ({ fn }) => fn.countAll<number>().as('count')])
        .groupBy(['channel', 'state'])
        .orderBy('channel')
        .execute();
    },

    async undelivered(limit) {
      const rows = await withAnnouncement(db)
        .where('state', '!=', 'delivered')
        .orderBy('deliveries.seq', 'desc')
        .orderBy('channel')
        .limit(limit)
        .execute();
      return rows.map(toDelivery);
    },

    async noteDelivery({ channel, announcementId: id }, outcome) {
      const at = now();
      await db
        .updateTable('deliveries')
        .set({
          state: outcome.state,
          attempts: sql`attempts + 1`,
          firstAt: sql`coalesce(first_at, ${at})`,
          nextAt: outcome.state === 'waiting' ? outcome.nextAt : null,
          settledAt: outcome.state === 'waiting' ? null : at,
          problem: outcome.state === 'delivered' ? null : outcome.problem,
        })
        .where('channel', '=', channel)
        .where('announcement', '=', id)
        .where('state', '=', 'waiting')
        .execute();
    },
  };
}

/** Numbers that are none are left out, and long texts are cut. */
function bounded(data: NonNullable<Announcement['data']>): NonNullable<Announcement['data']> {
  return Object.fromEntries(
    Object.entries(data)
      .filter(([, value]) => typeof value !== 'number' || Number.isFinite(value))
      .map(([name, value]) => [name, typeof value === 'string' ? cutText(value, LONGEST_TEXT) : value]),
  );
}

function withAnnouncement(db: Sql) {
  return db
    .selectFrom('deliveries')
    .innerJoin('announcements', 'announcements.id', 'deliveries.announcement')
    .selectAll('announcements')
    .select(['channel', 'state', 'attempts', 'firstAt', 'nextAt', 'settledAt', 'problem']);
}

export function toAnnouncement(row: Selectable<Tables['announcements']>): StoredAnnouncement {
  const { id, seq, kind, subjectKind, subjectId, at, title, data, notify } = row;
  return {
    id,
    seq,
    kind,
    subject: { kind: subjectKind, id: subjectId },
    at,
    title,
    data: fromJson(data) as StoredAnnouncement['data'],
    ...(notify !== null && { notify: fromJson(notify) as NonNullable<StoredAnnouncement['notify']> }),
  };
}

type DeliveryRow = Selectable<Tables['announcements']> &
  Pick<
    Selectable<Tables['deliveries']>,
    'channel' | 'state' | 'attempts' | 'firstAt' | 'nextAt' | 'settledAt' | 'problem'
  >;

function toDelivery(row: DeliveryRow): Delivery {
  const { channel, state, attempts, firstAt, nextAt, settledAt, problem } = row;
  return {
    channel,
    announcement: toAnnouncement(row),
    state,
    attempts,
    ...(firstAt !== null && { firstAt }),
    ...(nextAt !== null && { nextAt }),
    ...(settledAt !== null && { settledAt }),
    ...(problem !== null && { problem }),
  };
}
