/** Evaluations and their samples. */
import type { Insertable, Selectable } from 'kysely';
import { fromJson, fromMeasure, now, toJson, toMeasure } from './codec.ts';
import type { Sql, Tables } from './schema.ts';
import type { EvaluationRecord, EvaluationSubject } from './records.ts';
import type { Answer, SampleRecord } from '../../domain/words/samples.ts';
import type { Store } from './store.ts';
import { promptScores } from '../../domain/decide/statistics/prompt-scores.ts';
import type { Evaluation, Sampling } from '../../domain/words/evaluation.ts';

type EvaluationVerbs = Pick<Store, 'saveSample' | 'saveEvaluation' | 'evaluations' | 'samples' | 'promptScores'>;
type EvaluationRow = Selectable<Tables['evaluations']>;
type SampleRow = Selectable<Tables['samples']>;

export function evaluationTables(db: Sql): EvaluationVerbs {
  async function samplesOf(evaluationId: string): Promise<readonly SampleRecord[]> {
    const rows = await db
      .selectFrom('samples')
      .selectAll()
      .where('evaluationId', '=', evaluationId)
      .orderBy('promptIndex')
      .orderBy('sampleIndex')
      .execute();
    return rows.map(toSample);
  }

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

    samples: samplesOf,

    async promptScores(evaluationId) {
      const row = await db
        .selectFrom('evaluations')
        .select('sampling')
        .where('id', '=', evaluationId)
        .executeTakeFirst();
      return promptScores(await samplesOf(evaluationId), toSampling(row?.sampling ?? null));
    },
  };
}

type EvaluationColumns = Omit<Insertable<Tables['evaluations']>, 'runId' | 'recordedAt'>;

/** Every column is given: what is absent in the domain is NULL in SQL. */
function fromEvaluation(evaluation: EvaluationRecord): EvaluationColumns {
  const { id, checkpoint, step, identity, promptSet, metric, suite = null, grader = null, sampling } = evaluation;
  const { appraisal = null } = evaluation;
  const what = { id, checkpoint, step, identity, promptSet, metric, suite, appraisal, grader };
  const columns = { ...what, sampling: sampling === undefined ? null : toJson(sampling) };
  if (evaluation.kind === 'void') return { ...columns, ...NOT_SCORED, kind: 'void', reason: evaluation.reason };
  const { score, low, high, samples, prompts = null, missing, entropy } = evaluation;
  return {
    ...columns,
    kind: 'scored',
    score: toMeasure(score),
    low: toMeasure(low),
    high: toMeasure(high),
    samples,
    prompts,
    missing,
    entropy: entropy === undefined ? null : toMeasure(entropy),
    reason: null,
  };
}

const NOT_SCORED = {
  score: null,
  low: null,
  high: null,
  samples: null,
  prompts: null,
  missing: null,
  entropy: null,
};

/** The evaluation of a row whose kind is `scored`: all its numbers are there. */
export function toScored(row: EvaluationRow): Evaluation {
  return {
    ...subject(row),
    score: fromMeasure(row.score ?? Number.NaN),
    low: fromMeasure(row.low ?? Number.NaN),
    high: fromMeasure(row.high ?? Number.NaN),
    samples: row.samples ?? 0,
    ...(row.prompts !== null && { prompts: row.prompts }),
    missing: row.missing ?? 0,
    ...(row.entropy !== null && { entropy: fromMeasure(row.entropy) }),
  };
}

export function toEvaluation(row: EvaluationRow): EvaluationRecord {
  if (row.kind === 'scored') return { kind: 'scored', ...toScored(row) };
  return { kind: 'void', ...subject(row), reason: row.reason ?? '' };
}

function subject(row: EvaluationRow): EvaluationSubject {
  const { id, checkpoint, step, identity, promptSet, metric, suite, appraisal, grader } = row;
  const sampling = toSampling(row.sampling);
  return {
    id,
    checkpoint,
    step,
    identity,
    promptSet,
    metric,
    ...(suite !== null && { suite }),
    ...(appraisal !== null && { appraisal }),
    ...(grader !== null && { grader }),
    ...(sampling !== undefined && { sampling }),
  };
}

function toSampling(column: string | null): Sampling | undefined {
  return column === null ? undefined : (fromJson(column) as Sampling);
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
