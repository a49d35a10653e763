/** Rewinds: each one's cause and price, and the steps that it takes back. */
import { now } from './codec.ts';
import type { Sql } from './schema.ts';
import type { Store } from './store.ts';

type RewindVerbs = Pick<Store, 'saveRewind' | 'rewinds' | 'forgetStepsAfter'>;

export function rewindTables(db: Sql): RewindVerbs {
  return {
    async saveRewind(runId, { generation, cause, fromStep, toStep, seconds, cost }) {
      await db
        .insertInto('rewinds')
        .values({ runId, generation, cause, fromStep, toStep, seconds, cost, recordedAt: now() })
        .onConflict((conflict) => conflict.columns(['runId', 'generation']).doNothing())
        .execute();
    },

    rewinds(runId) {
      return db
        .selectFrom('rewinds')
        .select(['generation', 'cause', 'fromStep', 'toStep', 'seconds', 'cost', 'recordedAt'])
        .where('runId', '=', runId)
        .orderBy('generation')
        .execute();
    },

    async forgetStepsAfter(runId, { step, generation }) {
      // First: from here on a worker of an earlier generation records nothing, so nothing comes back after the delete.
      await db
        .updateTable('runs')
        .set({ generation, step, updatedAt: now() })
        .where('id', '=', runId)
        .where('generation', '<', generation)
        .execute();
      await db
        .deleteFrom('stepMetrics')
        .where('runId', '=', runId)
        .where('step', '>', step)
        .where('generation', '<', generation)
        .execute();
    },
  };
}
