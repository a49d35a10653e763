/** Evaluations and their samples. */
import type { Insertable, Selectable } from 'kysely';
import { fromJson, fromMeasure, now, toJson, toMeasure } from './codec.ts';
import type { Sql, Tables } from './schema.ts';
import type { EvaluationRecord, SampleRecord, Store } from './store.ts';
import type { Evaluation } from '../../workflows/contracts.ts';

type EvaluationVerbs = Pick<Store, 'saveSample' | 'saveEvaluation' | 'evaluations' | 'samples' | 'promptScores'>;
type EvaluationRow = Selectable<Tables['evaluations']>;
type SampleRow = Selectable<Tables['samples']>;

export function evaluationTables(db: Sql): EvaluationVerbs {
  return {
    async saveSample(evaluationId, sample) {
      const { promptIndex, ...columns } = fromSample(sample);
      await db
        .insertInto('samples')
        .values({ evaluationId, promptIndex, ...columns })
        .onConflict((conflict) =>
          conflict.columns(['evaluationId', 'promptIndex']).doUpdateSet(columns).where('samples.kind', '=', 'missing'),
        )
        .execute();
    },

    async saveEvaluation(runId, evaluation) {
      const { id, ...columns } = fromEvaluation(evaluation);
      await db
        .insertInto('evaluations')
        .values({ id, runId, ...columns, recordedAt: now() })
        .onConflict((conflict) => conflict.column('id').doUpdateSet(columns))
        .execute();
    },

    async evaluations(runId) {
      const rows = await db
        .selectFrom('evaluations')
        .selectAll()
        .where('runId', '=', runId)
        .where('appraisal', 'is', null)
        .orderBy('step')
        .orderBy('recordedAt')
        .orderBy('id')
        .execute();
      return rows.map(toEvaluation);
    },

    async samples(evaluationId) {
      const rows = await db
        .selectFrom('samples')
        .selectAll()
        .where('evaluationId', '=', evaluationId)
        .orderBy('promptIndex')
        .execute();
      return rows.map(toSample);
    },

    async promptScores(evaluationId) {
      const rows = await db
        .selectFrom('samples')
        .select(['promptHash', 'score'])
        .where('evaluationId', '=', evaluationId)
        .where('kind', '=', 'produced')
        .orderBy('promptIndex')
        .execute();
      return rows.map(({ promptHash, score }) => ({ promptHash, score: fromMeasure(score ?? Number.NaN) }));
    },
  };
}

type EvaluationColumns = Omit<Insertable<Tables['evaluations']>, 'runId' | 'recordedAt'>;

function fromEvaluation(evaluation: EvaluationRecord): EvaluationColumns {
  if (evaluation.kind === 'void') {
    const appraisal = evaluation.appraisal ?? null;
    return { ...evaluation, score: null, low: null, high: null, samples: null, missing: null, appraisal };
  }
  const { score, low, high, appraisal = null, ...columns } = evaluation;
  const measures = { score: toMeasure(score), low: toMeasure(low), high: toMeasure(high) };
  return { ...columns, ...measures, appraisal, reason: null };
}

/** The evaluation of a row whose kind is `scored`: all its numbers are there. */
export function toScored(row: EvaluationRow): Evaluation {
  return {
    ...subject(row),
    score: fromMeasure(row.score ?? Number.NaN),
    low: fromMeasure(row.low ?? Number.NaN),
    high: fromMeasure(row.high ?? Number.NaN),
    samples: row.samples ?? 0,
    missing: row.missing ?? 0,
  };
}

export function toEvaluation(row: EvaluationRow): EvaluationRecord {
  if (row.kind === 'scored') return { kind: 'scored', ...toScored(row) };
  return { kind: 'void', ...subject(row), reason: row.reason ?? '' };
}

function subject({ id, checkpoint, step, identity, promptSet, metric, appraisal }: EvaluationRow) {
  return { id, checkpoint, step, identity, promptSet, metric, ...(appraisal !== null && { appraisal }) };
}

type SampleColumns = Omit<Insertable<Tables['samples']>, 'evaluationId'>;

/** Every column is given, so that a sample produced after it was missing leaves nothing of the failure behind. */
function fromSample(sample: SampleRecord): SampleColumns {
  const { kind, promptIndex, promptHash, promptTokens } = sample;
  const key = { kind, promptIndex, promptHash, promptTokens };
  if (sample.kind === 'missing') return { ...key, ...NOTHING_PRODUCED, error: sample.error };
  return {
    ...key,
    tokens: toJson(sample.tokens),
    text: sample.text,
    finishReason: sample.finishReason,
    meanLogprob: sample.meanLogprob === undefined ? null : toMeasure(sample.meanLogprob),
    score: toMeasure(sample.score),
    latencyMs: sample.latencyMs,
    servedIdentity: sample.servedIdentity ?? null,
    error: null,
  };
}

const NOTHING_PRODUCED = {
  tokens: null,
  text: null,
  finishReason: null,
  meanLogprob: null,
  score: null,
  latencyMs: null,
  servedIdentity: null,
};

function toSample(row: SampleRow): SampleRecord {
  const { promptIndex, promptHash, promptTokens } = row;
  const key = { promptIndex, promptHash, promptTokens };
  if (row.kind === 'missing') return { kind: 'missing', ...key, error: row.error ?? '' };
  return {
    kind: 'produced',
    ...key,
    tokens: fromJson(row.tokens ?? '[]') as number[],
    text: row.text ?? '',
    finishReason: row.finishReason ?? '',
    ...(row.meanLogprob !== null && { meanLogprob: fromMeasure(row.meanLogprob) }),
    score: fromMeasure(row.score ?? Number.NaN),
    latencyMs: row.latencyMs ?? Number.NaN,
    ...(row.servedIdentity !== null && { servedIdentity: row.servedIdentity }),
  };
}
