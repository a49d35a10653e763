/** What happened since, read by number: of one run, or of all. */
import { toAnnouncement } from './announcement-tables.ts';
import type { LiveReader } from './live-records.ts';
import type { Sql } from './schema.ts';

export function liveTables(db: Sql): LiveReader {
  return {
    async livePlace() {
      const log = db.selectFrom('events').select('seq').orderBy('seq', 'desc').limit(1);
      const told = db.selectFrom('announcements').select('seq').orderBy('seq', 'desc').limit(1);
      const [line, announcement] = [await log.executeTakeFirst(), await told.executeTakeFirst()];
      return { log: line?.seq ?? 0, told: announcement?.seq ?? 0 };
    },

    async logAfter({ after, limit, runId }) {
      const columns = ['seq', 'runId', 'key', 'at', 'phase', 'level', 'message'] as const;
      let query = db.selectFrom('events').select(columns).where('seq', '>', after);
      if (runId !== undefined) query = query.where('runId', '=', runId);
      return query.orderBy('seq').limit(limit).execute();
    },

    async toldAfter({ after, limit, runId }) {
      let query = db.selectFrom('announcements').selectAll().where('seq', '>', after);
      if (runId !== undefined) query = query.where('subjectKind', '=', 'run').where('subjectId', '=', runId);
      return (await query.orderBy('seq').limit(limit).execute()).map(toAnnouncement);
    },
  };
}
