/** Samples of evaluations. */
import { sql, type Insertable, type Selectable } from 'kysely';
import type { Answer, SampleRecord } from '../../domain/words/samples.ts';
import { fromJson, fromMeasure, toJson, toMeasure } from './codec.ts';
import type { Sql, Tables } from './schema.ts';
import type { Store } from './store.ts';

type SampleVerbs = Pick<Store, 'saveSample' | 'samples'>;
type SampleRow = Selectable<Tables['samples']>;

/** Of one reading: what is wanted of many more comes in pages, between which everybody else has their turn. */
const PAGE = 1_000;

export function sampleTables(db: Sql): SampleVerbs {
  const page: Store['samples'] = async (evaluationId, { after, limit = PAGE } = {}) => {
    let query = db.selectFrom('samples').selectAll().where('evaluationId', '=', evaluationId);
    if (after !== undefined) {
      query = query.where(sql<boolean>`(prompt_index, sample_index) > (${after.promptIndex}, ${after.sampleIndex})`);
    }
    const rows = await query.orderBy('promptIndex').orderBy('sampleIndex').limit(limit).execute();
    return rows.map(toSample);
  };

  return {
    async saveSample(evaluationId, sample) {
      const { promptIndex, sampleIndex, ...columns } = fromSample(sample);
      await db
        .insertInto('samples')
        .values({ evaluationId, promptIndex, sampleIndex, ...columns })
        .onConflict((conflict) =>
          conflict
            .columns(['evaluationId', 'promptIndex', 'sampleIndex'])
            .doUpdateSet(columns)
            .where('samples.kind', '=', 'missing'),
        )
        .execute();
    },

    async samples(evaluationId, asked) {
      if (asked?.limit !== undefined) return page(evaluationId, asked);
      const pages: (readonly SampleRecord[])[] = [];
      let after = asked?.after;
      for (;;) {
        const rows = await page(evaluationId, after && { after });
        pages.push(rows);
        after = rows.at(-1);
        if (rows.length < PAGE) return pages.flat();
      }
    },
  };
}

type SampleColumns = Omit<Insertable<Tables['samples']>, 'evaluationId'>;

/** Every column is given, so that a sample produced after it was missing leaves nothing of the failure behind. */
function fromSample(sample: SampleRecord): SampleColumns {
  const { kind, promptIndex, sampleIndex, promptHash, promptTokens } = sample;
  const key = { kind, promptIndex, sampleIndex, promptHash, promptTokens };
  if (sample.kind === 'produced') {
    return { ...key, ...fromAnswer(sample), score: toMeasure(sample.score), error: null };
  }
  const { answer, error } = sample;
  return { ...key, ...(answer === undefined ? NO_ANSWER : fromAnswer(answer)), score: null, error };
}

function fromAnswer(answer: Answer): Pick<SampleColumns, keyof typeof NO_ANSWER> {
  const { tokens, text, finishReason, meanLogprob, latencyMs, servedIdentity = null } = answer;
  return {
    tokens: toJson(tokens),
    text,
    finishReason,
    meanLogprob: meanLogprob === undefined ? null : toMeasure(meanLogprob),
    latencyMs,
    servedIdentity,
  };
}

const NO_ANSWER = {
  tokens: null,
  text: null,
  finishReason: null,
  meanLogprob: null,
  latencyMs: null,
  servedIdentity: null,
};

function toSample(row: SampleRow): SampleRecord {
  const { promptIndex, sampleIndex, promptHash, promptTokens } = row;
  const key = { promptIndex, sampleIndex, promptHash, promptTokens };
  if (row.kind === 'produced') {
    return { kind: 'produced', ...key, ...toAnswer(row), score: fromMeasure(row.score ?? Number.NaN) };
  }
  const answer = row.tokens === null ? {} : { answer: toAnswer(row) };
  return { kind: 'missing', ...key, error: row.error ?? '', ...answer };
}

function toAnswer(row: SampleRow): Answer {
  return {
    tokens: fromJson(row.tokens ?? '[]') as number[],
    text: row.text ?? '',
    finishReason: row.finishReason ?? '',
    ...(row.meanLogprob !== null && { meanLogprob: fromMeasure(row.meanLogprob) }),
    latencyMs: row.latencyMs ?? Number.NaN,
    ...(row.servedIdentity !== null && { servedIdentity: row.servedIdentity }),
  };
}
