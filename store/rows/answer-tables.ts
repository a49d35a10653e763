/** Answers to read: a page of an evaluation's samples, without what only machines need of them. */
import { sql } from 'kysely';
import { fromMeasure } from './codec.ts';
import type { Sql } from './schema.ts';

/** A sample as a person reads it. */
export interface StoredAnswer {
  readonly promptIndex: number;
  readonly sampleIndex: number;
  readonly promptHash: string;
  /** Absent: nothing was answered. */
  readonly text?: string;
  /** `stop`, `length`, …; absent where nothing was answered. */
  readonly finishReason?: string;
  /** Absent: it has none, and `error` says why. */
  readonly score?: number;
  readonly error?: string;
}

export interface AnswerPage {
  /** Behind this one. */
  readonly after?: Pick<StoredAnswer, 'promptIndex' | 'sampleIndex'>;
  /** Of these prompts only, a few hundred at most. */
  readonly prompts?: readonly number[];
  /** Those that are not wholly right, or missing. */
  readonly failed?: boolean;
  readonly limit: number;
}

/** How many of an evaluation's answers ended in which way; `missing` for those that were not produced. */
export type Endings = Readonly<Record<string, number>>;

export interface AnswerReader {
  /** In order of prompt and sample. */
  answers(evaluationId: string, page: AnswerPage): Promise<readonly StoredAnswer[]>;
  /** The numbers of an evaluation's prompts, by their hashes. */
  promptNumbers(evaluationId: string): Promise<ReadonlyMap<string, number>>;
  endings(evaluationId: string): Promise<Endings>;
}

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
        .select(['kind', 'finishReason', (count) => count.fn.countAll<number>().as('count')])
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
