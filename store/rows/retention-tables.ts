/** What retention weighs and removes: samples by evaluation, prompt sets that nobody names. */
import { sql } from 'kysely';
import type { StoredSamples } from './serving-records.ts';
import type { Sql } from './schema.ts';
import type { Store } from './store.ts';

type RetentionVerbs = Pick<Store, 'storedSamples' | 'deleteSamples' | 'deletePromptSet'>;

export function retentionTables(db: Sql): RetentionVerbs {
  return {
    async storedSamples() {
      const size = sql<number>`sum(length(coalesce(samples.tokens, '')) + length(coalesce(samples.text, '')) + length(samples.prompt_hash))`;
      const rows: StoredSamples[] = await db
        .selectFrom('samples')
        .innerJoin('evaluations', 'evaluations.id', 'samples.evaluationId')
        .select(({ fn }) => [
          'evaluations.id as evaluationId',
          'evaluations.runId as runId',
          'evaluations.checkpoint as checkpoint',
          fn.countAll<number>().as('samples'),
          size.as('bytes'),
        ])
        .groupBy(['evaluations.id', 'evaluations.runId', 'evaluations.checkpoint'])
        .orderBy('evaluations.id')
        .execute();
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
