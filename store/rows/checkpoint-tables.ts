/** Checkpoints, the syncs that confirmed them, the verdicts on them: written as they come, read in pages. */
import { sql, type SelectQueryBuilder } from 'kysely';
import type { Place } from '../../domain/words/place.ts';
import { checkpointAt, checkpointNamed } from './checkpoint-places.ts';
import { reportsOf, toCheckpoint, type CheckpointRow } from './checkpoint-reports.ts';
import { now, toJson } from './codec.ts';
import type { Sql, Tables } from './schema.ts';
import type { Store, StoredCheckpoint } from './store.ts';

type CheckpointVerbs = Pick<
  Store,
  | 'saveCheckpoint'
  | 'saveSync'
  | 'saveVerdict'
  | 'checkpointReports'
  | 'newestCheckpoints'
  | 'checkpointAt'
  | 'countCheckpoints'
  | 'judgedCheckpoints'
  | 'newestVerdict'
  | 'snapshotsTo'
>;

/** Of one reading: many come in pages, between which everybody else has their turn. */
const PAGE = 500;

/** `here`: where the process that saves rents, for a checkpoint that does not say it itself. */
export function checkpointTables(db: Sql, here: Place | undefined): CheckpointVerbs {
  const nextVerdict = (runId: string): ReturnType<typeof sql<number>> =>
    sql<number>`(select coalesce(max(seq), 0) + 1 from verdicts where run_id = ${runId})`;

  return {
    async saveCheckpoint(runId, checkpoint) {
      const { validation, ...facts } = checkpoint;
      const { name, previousIdentity = null, trainerId = null, stateTrainerId = null, ...columns } = facts;
      const place = { platform: here?.platform ?? null, account: here?.account ?? null };
      // Whoever does not know it takes nothing away.
      const known = validation === undefined ? {} : { validation: toJson(validation) };
      const values = { ...place, ...columns, previousIdentity, trainerId, stateTrainerId, ...known };
      await db
        .insertInto('checkpoints')
        .values({ runId, name, ...values, savedAt: now() })
        .onConflict((conflict) => conflict.columns(['runId', 'name']).doUpdateSet(values))
        .execute();
    },

    async saveSync(runId, { identity, replicas, seconds }) {
      await db
        .insertInto('syncs')
        .values({ runId, identity, replicas, seconds, confirmedAt: now() })
        .onConflict((conflict) => conflict.columns(['runId', 'identity']).doNothing())
        .execute();
    },

    async saveVerdict(runId, { checkpoint, kind, reason }) {
      await db
        .insertInto('verdicts')
        .values({ runId, checkpoint, kind, reason, decidedAt: now(), seq: nextVerdict(runId) })
        .onConflict((conflict) => conflict.columns(['runId', 'checkpoint']).doUpdateSet({ kind, reason }))
        .execute();
    },

    async checkpointReports(runId) {
      const found: StoredCheckpoint[] = [];
      for (let after: OrderedRow | undefined; ;) {
        let next = ordered(db, runId).orderBy('step').orderBy('generation').orderBy('savedAt').orderBy(ROW);
        if (after !== undefined) next = next.where(sql<boolean>`${PLACE} > ${placeOf(after)}`);
        const rows: OrderedRow[] = await next.limit(PAGE).execute();
        for (const report of await reportsOf(db, runId, rows)) found.push(report);
        after = rows.at(-1);
        if (rows.length < PAGE) return found;
      }
    },

    async newestCheckpoints(runId, { limit, before }) {
      let newest = ordered(db, runId)
        .orderBy('step', 'desc')
        .orderBy('generation', 'desc')
        .orderBy('savedAt', 'desc')
        .orderBy(ROW, 'desc');
      if (before !== undefined) {
        const end = await ordered(db, runId).where('name', '=', before).executeTakeFirst();
        if (end === undefined) return [];
        newest = newest.where(sql<boolean>`${PLACE} < ${placeOf(end)}`);
      }
      const rows = await newest.limit(limit).execute();
      return reportsOf(db, runId, rows.reverse());
    },

    async checkpointAt(runId, at) {
      const row = await checkpointAt(db, runId, at);
      return row && (await reportsOf(db, runId, [row]))[0];
    },

    async countCheckpoints(runId) {
      const counted = db.selectFrom('checkpoints').select(({ fn }) => fn.countAll<number>().as('count'));
      return (await counted.where('runId', '=', runId).executeTakeFirstOrThrow()).count;
    },

    async judgedCheckpoints(runId, { after, limit }) {
      const judged = await db
        .selectFrom('verdicts')
        .select(['seq', 'checkpoint'])
        .where('runId', '=', runId)
        .where('seq', '>', after)
        .orderBy('seq')
        .limit(limit)
        .execute();
      if (judged.length === 0) return [];
      const seqOf = new Map(judged.map(({ seq, checkpoint }) => [checkpoint, seq ?? 0]));
      const rows = await db
        .selectFrom('checkpoints')
        .selectAll()
        .where('runId', '=', runId)
        .where('name', 'in', [...seqOf.keys()])
        .execute();
      const reports = await reportsOf(db, runId, rows);
      return reports
        .map((report) => ({ ...report, seq: seqOf.get(report.checkpoint.name) ?? 0 }))
        .sort((one, other) => one.seq - other.seq);
    },

    async newestVerdict(runId, kind) {
      return db
        .selectFrom('verdicts')
        .select(['checkpoint', 'kind', 'reason'])
        .where('runId', '=', runId)
        .where('kind', '=', kind)
        .orderBy('seq', 'desc')
        .limit(1)
        .executeTakeFirst();
    },

    async snapshotsTo(runId, name) {
      const found = await checkpointNamed(db, runId, name);
      const chain: CheckpointRow[] = found === undefined ? [] : [found];
      for (let last = found; last?.snapshotType === 'delta' && last.previousIdentity !== null;) {
        const before: CheckpointRow | undefined = await lastOfIdentity(db, runId, last.previousIdentity);
        if (before === undefined || chain.some((row) => row.name === before.name)) break;
        chain.unshift(before);
        last = before;
      }
      return chain.map((row) => toCheckpoint(row).checkpoint);
    },
  };
}

/** Of checkpoints that were saved at the same moment, the one that was recorded first comes first. */
const ROW = sql<number>`rowid`;
const PLACE = sql`(step, generation, saved_at, rowid)`;

type OrderedRow = CheckpointRow & { readonly row: number };

function ordered(db: Sql, runId: string): SelectQueryBuilder<Tables, 'checkpoints', OrderedRow> {
  return db.selectFrom('checkpoints').selectAll().select(ROW.as('row')).where('runId', '=', runId);
}

function placeOf({ step, generation, savedAt, row }: OrderedRow): ReturnType<typeof sql> {
  return sql`(${step}, ${generation}, ${savedAt}, ${row})`;
}

/** The base of a run's end may have the identity of the delta before it. */
function lastOfIdentity(db: Sql, runId: string, identity: string): Promise<CheckpointRow | undefined> {
  return db
    .selectFrom('checkpoints')
    .selectAll()
    .where('runId', '=', runId)
    .where('identity', '=', identity)
    .orderBy('step', 'desc')
    .orderBy('generation', 'desc')
    .orderBy('savedAt', 'desc')
    .limit(1)
    .executeTakeFirst();
}
