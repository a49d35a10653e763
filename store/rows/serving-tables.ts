/** Checkpoints served again: what was evaluated beside runs, and deployments that were taken back. */
import { fromJson, now, present, toJson } from './codec.ts';
import { toEvaluation } from './evaluation-tables.ts';
import type { Sql } from './schema.ts';
import type { Store } from './store.ts';
import type { AppraisedSuite } from '../../domain/words/serving.ts';

type ServingVerbs = Pick<Store, 'evaluation' | 'appraisals' | 'rollbacks' | 'saveAppraisal' | 'saveRollback'>;

export function servingTables(db: Sql): ServingVerbs {
  return {
    async evaluation(id) {
      const row = await db.selectFrom('evaluations').selectAll().where('id', '=', id).executeTakeFirst();
      return row && { runId: row.runId, evaluation: toEvaluation(row) };
    },

    async appraisals(runId) {
      const [rows, evaluations] = await Promise.all([
        db.selectFrom('appraisals').selectAll().where('runId', '=', runId).orderBy('startedAt').orderBy('id').execute(),
        db
          .selectFrom('evaluations')
          .selectAll()
          .where('runId', '=', runId)
          .where('appraisal', 'is not', null)
          .orderBy('step')
          .orderBy('recordedAt')
          .orderBy('id')
          .execute(),
      ]);
      return rows.map(({ suite, ...row }) => ({
        ...row,
        suite: fromJson(suite) as AppraisedSuite,
        evaluations: evaluations.filter(({ appraisal }) => appraisal === row.id).map(toEvaluation),
      }));
    },

    async rollbacks(deploymentId) {
      const rows = await db
        .selectFrom('rollbacks')
        .selectAll()
        .where('deploymentId', '=', deploymentId)
        .orderBy('confirmedAt')
        .orderBy('id')
        .execute();
      return rows.map(present);
    },

    async saveAppraisal({ id, runId, suite, reason }) {
      await db
        .insertInto('appraisals')
        .values({ id, runId, suite: toJson(suite), reason, startedAt: now() })
        .onConflict((conflict) => conflict.column('id').doNothing())
        .execute();
    },

    async saveRollback({ previousIdentity = null, ...rollback }) {
      await db
        .insertInto('rollbacks')
        .values({ ...rollback, previousIdentity, confirmedAt: now() })
        .onConflict((conflict) => conflict.column('id').doNothing())
        .execute();
    },
  };
}
