/** Changes of an experiment while its run goes on: values as JSON, since a field may hold anything. */
import { now } from './codec.ts';
import type { Sql } from './schema.ts';
import type { Store } from './store.ts';

type SpecChangeVerbs = Pick<Store, 'saveSpecChange' | 'specChanges'>;

export function specChangeTables(db: Sql): SpecChangeVerbs {
  return {
    async saveSpecChange(runId, { before, after, ...change }) {
      await db
        .insertInto('specChanges')
        .values({ runId, ...change, before: json(before), after: json(after), recordedAt: now() })
        .onConflict((conflict) => conflict.columns(['runId', 'number']).doNothing())
        .execute();
    },

    async specChanges(runId) {
      const rows = await db
        .selectFrom('specChanges')
        .select(['number', 'path', 'before', 'after', 'fromStep', 'by', 'askedAt', 'recordedAt'])
        .where('runId', '=', runId)
        .orderBy('number')
        .execute();
      return rows.map(({ before, after, ...row }) => ({
        ...row,
        ...(before !== null && { before: JSON.parse(before) as unknown }),
        ...(after !== null && { after: JSON.parse(after) as unknown }),
      }));
    },
  };
}

function json(value: unknown): string | null {
  return value === undefined ? null : JSON.stringify(value);
}
