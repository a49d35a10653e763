/** What retention weighs and removes: samples by evaluation, prompt sets that nobody names. */
import { sql } from 'kysely';
import { present } from './codec.ts';
import type { StoredSamples } from './serving-records.ts';
import type { Sql } from './schema.ts';
import type { Store } from './store.ts';

type RetentionVerbs = Pick<Store, 'storedSamples' | 'deleteSamples' | 'deletePromptSet'>;

export function retentionTables(db: Sql): RetentionVerbs {
  return {
    async storedSamples() {
      const size = sql<number>`sum(length(coalesce(samples.tokens, '')) + length(coalesce(samples.text, '')) + length(samples.prompt_hash))`;
      // What never ended has no row of its own: its id begins with that of its run.
      const owner = sql<string>`substr(samples.evaluation_id, 1, instr(samples.evaluation_id, '/') - 1)`;
      const rows = await db
        .selectFrom('samples')
        .leftJoin('evaluations', 'evaluations.id', 'samples.evaluationId')
        .leftJoin('runs', (join) => join.on('runs.id', '=', owner))
        .select(({ fn }) => [
          'samples.evaluationId as evaluationId',
          sql<string | null>`coalesce(evaluations.run_id, runs.id)`.as('runId'),
          'evaluations.checkpoint as checkpoint',
          'evaluations.recordedAt as recordedAt',
          fn.countAll<number>().as('samples'),
          size.as('bytes'),
        ])
        .groupBy('samples.evaluationId')
        .orderBy('samples.evaluationId')
        .execute();
      return rows.flatMap((row): StoredSamples[] => {
        const { runId, ...found } = present(row);
        return runId === undefined ? [] : [{ runId, ...found }];
      });
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
