/** Steps of runs: written one by one, read in pages, as numbers by the hundred thousand, or put together in spans. */
import { sql, type Expression, type Selectable } from 'kysely';
import type { StepMetrics } from '../../domain/words/training.ts';
import { fromMeasure, fromMeasuresJson, toMeasure, toMeasuresJson } from './codec.ts';
import type { Sql, Tables } from './schema.ts';
import { CHUNK, chunkOf, closeChunks, firstOf } from './step-chunks.ts';
import { StepColumns } from './step-columns.ts';
import { stepSpans } from './step-spans.ts';
import type { Store } from './store.ts';

type StepVerbs = Pick<Store, 'recordSteps' | 'steps' | 'newestSteps' | 'stepNumbers' | 'stepSpans'>;

/** Rows per INSERT: far below SQLite's limit of 32,766 bound values. */
const ROWS_PER_INSERT = 500;

/** Of one reading: what is wanted of many more comes in pages, between which everybody else has their turn. */
const PAGE = 1_000;
const CHUNKS_PER_PAGE = 50;

const COLUMNS = ['step', 'generation', 'lossMean', 'learningRate', 'tokens', 'seconds', 'metrics'] as const;

export function stepTables(db: Sql): StepVerbs {
  async function page(runId: string, after: number, until: number, limit: number): Promise<StepMetrics[]> {
    const rows = await db
      .selectFrom('stepMetrics')
      .select(COLUMNS)
      .where('runId', '=', runId)
      .where('step', '>', after)
      .where('step', '<=', until)
      .orderBy('step')
      .limit(limit)
      .execute();
    return rows.map(toStep);
  }

  /** The chunks that are kept of those from one to another, in order. */
  function chunks(runId: string, from: number, to: number): Promise<{ chunk: number; numbers: ArrayBuffer }[]> {
    return db
      .selectFrom('stepChunks')
      .select(['chunk', 'numbers'])
      .where('runId', '=', runId)
      .where('chunk', '>=', from)
      .where('chunk', '<=', to)
      .orderBy('chunk')
      .execute();
  }

  async function allPages(runId: string, afterStep: number, untilStep: number): Promise<StepMetrics[]> {
    const found: StepMetrics[] = [];
    for (let after = afterStep; ;) {
      const rows = await page(runId, after, untilStep, PAGE);
      for (const row of rows) found.push(row);
      after = rows.at(-1)?.step ?? after;
      if (rows.length < PAGE) return found;
    }
  }

  return {
    async recordSteps(runId, steps) {
      for (let start = 0; start < steps.length; start += ROWS_PER_INSERT) {
        const some = steps.slice(start, start + ROWS_PER_INSERT);
        await db
          .insertInto('stepMetrics')
          .columns(['runId', ...COLUMNS])
          .expression(ofThisGeneration(runId, some))
          .onConflict((conflict) =>
            conflict
              .columns(['runId', 'step'])
              .doUpdateSet((column) => ({
                generation: column.ref('excluded.generation'),
                lossMean: column.ref('excluded.lossMean'),
                learningRate: column.ref('excluded.learningRate'),
                tokens: column.ref('excluded.tokens'),
                seconds: column.ref('excluded.seconds'),
                metrics: column.ref('excluded.metrics'),
              }))
              // A retry in the same generation measures waiting for a known answer, not training: the first stands.
              .whereRef('stepMetrics.generation', '<', 'excluded.generation'),
          )
          .execute();
        await closeChunks(db, runId, some);
      }
    },

    async steps(runId, { afterStep = 0, untilStep = Number.MAX_SAFE_INTEGER, limit } = {}) {
      return limit === undefined ? allPages(runId, afterStep, untilStep) : page(runId, afterStep, untilStep, limit);
    },

    async newestSteps(runId, { limit, generation, afterStep = 0 }) {
      let query = db.selectFrom('stepMetrics').select(COLUMNS).where('runId', '=', runId).where('step', '>', afterStep);
      if (generation !== undefined) query = query.where('generation', '=', generation);
      const rows = await query.orderBy('step', 'desc').limit(limit).execute();
      return rows.reverse().map(toStep);
    },

    async stepNumbers(runId, { afterStep = 0 } = {}) {
      const last = (await lastStep(db, runId)) ?? afterStep;
      const found = new StepColumns(Math.max(0, last - afterStep));
      let after = afterStep;
      const single = async (until: number): Promise<void> => {
        if (until > after) for (const row of await allPages(runId, after, until)) found.push(row);
        after = Math.max(after, until);
      };
      for (let from = chunkOf(after + 1); firstOf(from) <= last; from += CHUNKS_PER_PAGE) {
        for (const kept of await chunks(runId, from, from + CHUNKS_PER_PAGE - 1)) {
          // What no chunk holds comes step by step.
          await single(firstOf(kept.chunk) - 1);
          found.pushChunk(kept, { after, until: last });
          after = Math.max(after, firstOf(kept.chunk) + CHUNK - 1);
        }
        await single(Math.min(last, firstOf(from + CHUNKS_PER_PAGE) - 1));
      }
      return found.numbers();
    },

    stepSpans: (runId, request) => stepSpans(db, runId, request),
  };
}

async function lastStep(db: Sql, runId: string): Promise<number | undefined> {
  const last = db.selectFrom('stepMetrics').select('step').where('runId', '=', runId).orderBy('step', 'desc').limit(1);
  return (await last.executeTakeFirst())?.step;
}

type StepRow = Pick<Selectable<Tables['stepMetrics']>, (typeof COLUMNS)[number]>;

function toStep({ metrics, ...row }: StepRow): StepMetrics {
  return {
    ...row,
    lossMean: fromMeasure(row.lossMean),
    ...(metrics !== null && { metrics: fromMeasuresJson(metrics) as Record<string, number> }),
  };
}

/**
 * The rows that a worker of the run's generation may write, by one statement with the insert: a worker that was
 * replaced and wakes up late cannot pass between a check and a write.
 */
function ofThisGeneration(runId: string, steps: readonly StepMetrics[]): Expression<unknown> {
  const rows = steps.map(({ step, generation, lossMean, learningRate, tokens, seconds, metrics }) => {
    const told = metrics === undefined ? null : toMeasuresJson(metrics);
    const values = [runId, step, generation, toMeasure(lossMean), learningRate, tokens, seconds, told];
    return sql`(${sql.join(values)})`;
  });
  // SQL calls the columns of VALUES by number.
  return sql`
    select * from (values ${sql.join(rows)}) as given
    where column3 >= coalesce((select generation from runs where id = ${runId}), 0)`;
}
