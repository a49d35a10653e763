/** What retention weighs and removes: samples by evaluation, prompt sets that nobody names. Read in pages, whatever there is. */
import { sql } from 'kysely';
import { present } from './codec.ts';
import { UNKNOWN_SPEC } from './adopt.ts';
import { toRun } from './run-tables.ts';
import type { Sql } from './schema.ts';
import type { Store } from './store.ts';

type RetentionVerbs = Pick<
  Store,
  | 'runsAfter'
  | 'branchPoints'
  | 'takenBack'
  | 'sampledEvaluations'
  | 'weighSamples'
  | 'askedPromptSets'
  | 'deleteSamples'
  | 'deletePromptSet'
>;

export function retentionTables(db: Sql): RetentionVerbs {
  return {
    async runsAfter(after, limit) {
      const rows = await db
        .selectFrom('runs')
        .selectAll()
        .where('id', '>', after)
        .where('spec', '!=', UNKNOWN_SPEC)
        .orderBy('id')
        .limit(limit)
        .execute();
      return rows.map(toRun);
    },

    async branchPoints() {
      const rows = await db
        .selectFrom('runs')
        .select(['id', 'parentRun', 'parentCheckpoint'])
        .where('parentRun', '>', '')
        .orderBy('parentRun')
        .execute();
      return rows.map(({ id, parentRun, parentCheckpoint }) => ({
        runId: parentRun ?? '',
        checkpoint: parentCheckpoint ?? '',
        branch: id,
      }));
    },

    async takenBack() {
      const rows = await db
        .selectFrom('rollbacks')
        .innerJoin('leases', (join) =>
          join.onRef('leases.id', '=', 'rollbacks.deploymentId').on('leases.kind', '=', 'deployment'),
        )
        .select(['rollbacks.deploymentId', 'rollbacks.runId', 'rollbacks.checkpoint'])
        .where((row) => row.or([row('leases.state', 'is', null), row('leases.state', '!=', 'gone')]))
        .orderBy('rollbacks.confirmedAt')
        .orderBy('rollbacks.id')
        .execute();
      // What each was taken back to last.
      return [...new Map(rows.map((row) => [row.deploymentId, row])).values()];
    },

    async sampledEvaluations(after, limit) {
      // From one evaluation to the next by the key of its samples: none of the others is read.
      const { rows } = await sql<{ id: string }>`
        with recursive sampled(id) as (
          select (select min(evaluation_id) from samples where evaluation_id > ${after})
          union all
          select (select min(evaluation_id) from samples where evaluation_id > sampled.id)
          from sampled where sampled.id is not null
          limit ${limit}
        )
        select id from sampled where id is not null`.execute(db);
      if (rows.length === 0) return [];
      const ids = rows.map(({ id }) => id);
      const known = await db
        .selectFrom('evaluations')
        .select(['id', 'runId', 'checkpoint', 'recordedAt'])
        .where('id', 'in', ids)
        .execute();
      const of = new Map(known.map(({ id, ...evaluation }) => [id, evaluation]));
      return ids.map((id) => {
        const evaluation = of.get(id);
        // What never ended has no row of its own: its id begins with that of its run.
        return {
          evaluationId: id,
          runId: id.slice(0, Math.max(0, id.indexOf('/'))),
          ...(evaluation && present(evaluation)),
        };
      });
    },

    async weighSamples(evaluationId) {
      return db
        .selectFrom('samples')
        .select(({ fn }) => [
          fn.countAll<number>().as('samples'),
          sql<number>`coalesce(sum(length(coalesce(tokens, '')) + length(coalesce(text, '')) + length(prompt_hash)), 0)`.as(
            'bytes',
          ),
        ])
        .where('evaluationId', '=', evaluationId)
        .executeTakeFirstOrThrow();
    },

    async askedPromptSets() {
      const { rows } = await sql<{ hash: string; evaluationId: string }>`
        with recursive asked(hash) as (
          select (select min(prompt_set) from evaluations)
          union all
          select (select min(prompt_set) from evaluations where prompt_set > asked.hash) from asked where asked.hash is not null
        )
        select hash, (select id from evaluations where prompt_set = asked.hash limit 1) as "evaluationId"
        from asked where hash is not null`.execute(db);
      return rows;
    },

    async deleteSamples(evaluationIds) {
      for (const id of evaluationIds) await db.deleteFrom('samples').where('evaluationId', '=', id).execute();
    },

    async deletePromptSet(hash) {
      await db
        .deleteFrom('promptSets')
        .where('hash', '=', hash)
        // Somebody may have given it a name just now.
        .where('hash', 'not in', db.selectFrom('promptAliases').select('hash'))
        .execute();
    },
  };
}
