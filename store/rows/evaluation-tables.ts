/** Evaluations, and what was computed of each when it was recorded. */
import type { Insertable, Selectable, SelectQueryBuilder } from 'kysely';
import { telling } from './announcement-tables.ts';
import { fromJson, fromMeasure, fromMeasuresJson, now, toJson, toMeasure, toMeasuresJson } from './codec.ts';
import type { Sql, Tables } from './schema.ts';
import type { Comparisons, Derived, EvaluationRecord, EvaluationSubject, ScoredEvaluation } from './records.ts';
import type { Store } from './store.ts';
import type { Evaluation, Sampling } from '../../domain/words/evaluation.ts';

type EvaluationVerbs = Pick<
  Store,
  | 'saveEvaluation'
  | 'evaluations'
  | 'firstEvaluation'
  | 'evaluationBefore'
  | 'evaluationOf'
  | 'evaluationAnswering'
  | 'promptScores'
>;
type EvaluationRow = Selectable<Tables['evaluations']>;

export function evaluationTables(db: Sql): EvaluationVerbs {
  const own = (runId: string): SelectQueryBuilder<Tables, 'evaluations', EvaluationRow> =>
    db.selectFrom('evaluations').selectAll().where('runId', '=', runId).where('appraisal', 'is', null);
  const scored = (runId: string): ReturnType<typeof own> => own(runId).where('kind', '=', 'scored');

  return {
    async saveEvaluation(runId, evaluation, derived, told) {
      const { id, ...columns } = fromEvaluation(evaluation);
      if (derived !== undefined) await saveScores(db, id, derived);
      const { answers = null, comparisons = {} } = derived ?? {};
      // Written again by somebody who computed nothing, it keeps what was computed.
      const kept = derived && { answers, comparisons: toMeasuresJson(comparisons) };
      await telling(db, told, async (within) => {
        await within
          .insertInto('evaluations')
          .values({ id, runId, ...columns, ...kept, recordedAt: now() })
          .onConflict((conflict) => conflict.column('id').doUpdateSet({ ...columns, ...kept }))
          .execute();
        return true;
      });
    },

    async evaluations(runId) {
      const rows = await own(runId).orderBy('step').orderBy('recordedAt').orderBy('id').execute();
      return rows.map(toEvaluation);
    },

    async firstEvaluation(runId) {
      const rows = scored(runId).where('suite', 'is', null).orderBy('step').orderBy('recordedAt', 'desc').limit(1);
      return scoredOrNone(await rows.executeTakeFirst());
    },

    async evaluationBefore(runId, step) {
      const rows = scored(runId).where('suite', 'is', null).where('step', '<', step);
      return scoredOrNone(await rows.orderBy('step', 'desc').orderBy('recordedAt', 'desc').limit(1).executeTakeFirst());
    },

    async evaluationOf(runId, checkpoint) {
      const rows = scored(runId).where('checkpoint', '=', checkpoint).where('suite', 'is', null);
      return scoredOrNone(await rows.orderBy('recordedAt', 'desc').limit(1).executeTakeFirst());
    },

    async evaluationAnswering(runId, { answers, promptSet, suite = null, identity, untilStep }) {
      const row = await scored(runId)
        .where('answers', '=', answers)
        .where('step', '<=', untilStep)
        .where('promptSet', '=', promptSet)
        .where('suite', 'is', suite)
        .where('identity', '!=', identity)
        .orderBy('step', 'desc')
        .limit(1)
        .executeTakeFirst();
      return scoredOrNone(row);
    },

    async promptScores(evaluationId) {
      const row = await db
        .selectFrom('promptScores')
        .select('scores')
        .where('evaluationId', '=', evaluationId)
        .executeTakeFirst();
      if (row === undefined) return [];
      const { hashes, scores } = fromMeasuresJson(row.scores) as { hashes: string[]; scores: number[] };
      return hashes.map((promptHash, index) => ({ promptHash, score: scores[index] ?? Number.NaN }));
    },
  };
}

async function saveScores(db: Sql, evaluationId: string, derived: Derived): Promise<void> {
  const scores = toMeasuresJson({
    hashes: derived.scores.map(({ promptHash }) => promptHash),
    scores: derived.scores.map(({ score }) => score),
  });
  await db
    .insertInto('promptScores')
    .values({ evaluationId, scores })
    .onConflict((conflict) => conflict.column('evaluationId').doUpdateSet({ scores }))
    .execute();
}

function scoredOrNone(row: EvaluationRow | undefined): ScoredEvaluation | undefined {
  return row && { kind: 'scored', ...toScored(row) };
}

export function toComparisons({ comparisons }: EvaluationRow): Comparisons {
  return comparisons === null ? {} : (fromMeasuresJson(comparisons) as Comparisons);
}

type EvaluationColumns = Omit<Insertable<Tables['evaluations']>, 'runId' | 'recordedAt'>;

/** Every column is given: what is absent in the domain is NULL in SQL. */
function fromEvaluation(evaluation: EvaluationRecord): EvaluationColumns {
  const { id, checkpoint, step, identity, promptSet, metric, suite = null, grader = null, sampling } = evaluation;
  const { appraisal = null } = evaluation;
  const what = { id, checkpoint, step, identity, promptSet, metric, suite, appraisal, grader };
  const columns = { ...what, sampling: sampling === undefined ? null : toJson(sampling) };
  if (evaluation.kind === 'void') return { ...columns, ...NOT_SCORED, kind: 'void', reason: evaluation.reason };
  const { score, low, high, samples, prompts = null, missing, cut = null, unended = null, entropy } = evaluation;
  return {
    ...columns,
    kind: 'scored',
    score: toMeasure(score),
    low: toMeasure(low),
    high: toMeasure(high),
    samples,
    prompts,
    missing,
    cut,
    unended,
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
  cut: null,
  unended: null,
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
    ...(row.cut !== null && { cut: row.cut }),
    ...(row.unended !== null && { unended: row.unended }),
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

/** What was read last: evaluations of a run were all drawn alike, or nearly. */
let read: { readonly column: string; readonly sampling: Sampling } | undefined;

function toSampling(column: string | null): Sampling | undefined {
  if (column === null) return undefined;
  if (read?.column !== column) read = { column, sampling: fromJson(column) as Sampling };
  return read.sampling;
}
