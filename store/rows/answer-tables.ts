/** Answers to read: a page of an evaluation's samples, without what only machines need of them. */
import { sql } from 'kysely';
import type { AnswerReader } from './answer-records.ts';
import { fromMeasure } from './codec.ts';
import type { Sql } from './schema.ts';

export function answerTables(db: Sql): AnswerReader {
  return {
    async answers(evaluationId, { after, prompts, failed, limit }) {
      let query = db
        .selectFrom('samples')
        .select(['promptIndex', 'sampleIndex', 'promptHash', 'kind', 'text', 'finishReason', 'score', 'error'])
        .where('evaluationId', '=', evaluationId);
      if (after !== undefined) {
        query = query.where(sql<boolean>`(prompt_index, sample_index) > (${after.promptIndex}, ${after.sampleIndex})`);
      }
      if (prompts !== undefined) query = query.where('promptIndex', 'in', prompts);
      if (failed === true) query = query.where(sql<boolean>`(kind = 'missing' or score is null or score < 1)`);
      const rows = await query.orderBy('promptIndex').orderBy('sampleIndex').limit(limit).execute();
      return rows.map(({ promptIndex, sampleIndex, promptHash, kind, text, finishReason, score, error }) => ({
        promptIndex,
        sampleIndex,
        promptHash,
        ...(text !== null && { text }),
        ...(finishReason !== null && { finishReason }),
        ...(kind === 'produced' && score !== null && { score: fromMeasure(score) }),
        ...(error !== null && { error }),
      }));
    },

    async promptNumbers(evaluationId) {
      const rows = await db
        .selectFrom('samples')
        .select(['promptIndex', 'promptHash'])
        .where('evaluationId', '=', evaluationId)
        .where('sampleIndex', '=', 0)
        .orderBy('promptIndex')
        .execute();
      return new Map(rows.map(({ promptHash, promptIndex }) => [promptHash, promptIndex]));
    },

    async endings(evaluationId) {
      const rows = await db
        .selectFrom('samples')
        .select(['kind', 'finishReason', (count) => count.fn.countAll<number | string | bigint>().as('count')])
        .where('evaluationId', '=', evaluationId)
        .groupBy(['kind', 'finishReason'])
        .execute();
      const endings: Record<string, number> = {};
      for (const { kind, finishReason, count } of rows) {
        const how = kind === 'missing' ? 'missing' : (finishReason ?? 'unknown');
        endings[how] = (endings[how] ?? 0) + Number(count);
      }
      return endings;
    },
  };
}
