/** What a list tells of many runs, asked once for hundreds of them: a question for each would take longer than its answer. */
import { sql } from 'kysely';
import type { Evaluation } from '../../domain/words/evaluation.ts';
import { judged } from './checkpoint-places.ts';
import { toScored } from './evaluation-tables.ts';
import { toLease } from './lease-tables.ts';
import type { StoredLease } from './records.ts';
import type { Sql } from './schema.ts';
import type { Store } from './store.ts';

/** Runs per question: below SQLite's limit of bound values. */
const AT_ONCE = 500;

export function listTables(db: Sql): Pick<Store, 'bestEvaluations' | 'leasesOf' | 'recordedRuns'> {
  return {
    async recordedRuns(runIds) {
      const found = new Map<string, string>();
      for (const some of parts(runIds)) {
        const rows = await db.selectFrom('runs').select(['id', 'createdAt']).where('id', 'in', some).execute();
        for (const { id, createdAt } of rows) found.set(id, createdAt);
      }
      return found;
    },

    async bestEvaluations(runIds, { direction, suite = null }) {
      const found = new Map<string, Evaluation>();
      for (const some of parts(runIds)) {
        const best = judged(db, sql.ref('runs.id'), suite)
          .select('id')
          // A score that is no number is stored as a word, which comes after every number.
          .where(sql<boolean>`score < ''`)
          .orderBy('score', direction === 'maximize' ? 'desc' : 'asc')
          .orderBy('step')
          .orderBy('recordedAt')
          .limit(1);
        const rows = await db
          .selectFrom('runs')
          .innerJoin('evaluations', (join) => join.on(sql<boolean>`evaluations.id = (${best})`))
          .selectAll('evaluations')
          .where('runs.id', 'in', some)
          .execute();
        for (const row of rows) found.set(row.runId, toScored(row));
      }
      return found;
    },

    async leasesOf(runIds) {
      const found = new Map<string, StoredLease[]>();
      for (const some of parts(runIds)) {
        const rows = await db
          .selectFrom('leases')
          .selectAll()
          .where('runId', 'in', some)
          .orderBy('runId')
          .orderBy('plannedAt')
          .orderBy('kind')
          .orderBy('id')
          .execute();
        for (const row of rows) {
          const known = found.get(row.runId);
          if (known === undefined) found.set(row.runId, [toLease(row)]);
          else known.push(toLease(row));
        }
      }
      return found;
    },
  };
}

function parts(runIds: readonly string[]): string[][] {
  const count = Math.ceil(runIds.length / AT_ONCE);
  return Array.from({ length: count }, (_, index) => runIds.slice(index * AT_ONCE, (index + 1) * AT_ONCE));
}
