/**
 * A run's steps put together: at most so many spans, however many steps there are. Long ranges are read from what is kept
 * of each thousand, and only what no thousand stands for, step by step.
 */
import { sql } from 'kysely';
import type { SpanRequest, StepSpan } from './records.ts';
import type { Sql } from './schema.ts';
import { CHUNK, chunkOf, firstOf, joinSpreads, sum, type Spread } from './step-chunks.ts';

const MOST_SPANS = 2_000;

/** As many steps are read one by one at most, for the sake of spans that a thousand does not divide. */
const MOST_SINGLE = 20 * CHUNK;

/** Of one reading. */
const STEPS_PER_PAGE = 100 * CHUNK;

interface Part {
  readonly fromStep: number;
  readonly toStep: number;
  readonly steps: number;
  readonly loss: Spread | undefined;
  readonly tokens: number;
  readonly seconds: number;
  readonly metrics: Readonly<Record<string, Spread>>;
}

export async function stepSpans(db: Sql, runId: string, request: SpanRequest): Promise<readonly StepSpan[]> {
  const range = await rangeOf(db, runId, request);
  if (range === undefined) return [];
  const { from, to } = range;
  const spans = Math.max(1, Math.min(MOST_SPANS, request.spans));
  const exact = Math.ceil((to - from + 1) / spans);
  const reading = { db, runId, metrics: request.metrics === true };
  if (to - from < MOST_SINGLE) {
    const parts = await singleParts(reading, { from, to, width: exact, origin: from });
    return parts.map((part) => joined([part]));
  }
  // As the thousands are cut, so are the spans.
  const origin = firstOf(chunkOf(from));
  const width = CHUNK * Math.ceil((to - origin + 1) / (CHUNK * spans));
  const groups = new Map<number, Part[]>();
  for (const part of await partsByChunk(reading, { from, to })) {
    const span = Math.floor((part.fromStep - origin) / width);
    const group = groups.get(span);
    if (group === undefined) groups.set(span, [part]);
    else group.push(part);
  }
  return [...groups].sort(([one], [other]) => one - other).map(([, parts]) => joined(parts));
}

async function rangeOf(
  db: Sql,
  runId: string,
  { fromStep, toStep }: SpanRequest,
): Promise<{ from: number; to: number } | undefined> {
  const steps = db.selectFrom('stepMetrics').select('step').where('runId', '=', runId).limit(1);
  const first = await steps.orderBy('step').executeTakeFirst();
  const last = await steps.orderBy('step', 'desc').executeTakeFirst();
  if (first === undefined || last === undefined) return undefined;
  const [from, to] = [Math.max(first.step, fromStep ?? 0), Math.min(last.step, toStep ?? Infinity)];
  return from > to ? undefined : { from, to };
}

interface Reading {
  readonly db: Sql;
  readonly runId: string;
  readonly metrics: boolean;
}

interface Steps {
  readonly from: number;
  readonly to: number;
}

/** One for each thousand, or what there is of it. */
async function partsByChunk(reading: Reading, { from, to }: Steps): Promise<Part[]> {
  const parts: Part[] = [];
  let next = from;
  const single = async (until: number): Promise<void> => {
    for (; next <= until; next += STEPS_PER_PAGE) {
      const page = { from: next, to: Math.min(until, next + STEPS_PER_PAGE - 1) };
      parts.push(...(await singleParts(reading, { ...page, width: CHUNK, origin: 1 })));
    }
    next = until + 1;
  };
  for (const { chunk, part } of await keptParts(reading, { from, to })) {
    if (firstOf(chunk) > next) await single(firstOf(chunk) - 1);
    parts.push(part);
    next = firstOf(chunk) + CHUNK;
  }
  if (next <= to) await single(to);
  return parts;
}

/** Of the thousands that lie within the range as a whole. */
async function keptParts(
  { db, runId, metrics }: Reading,
  { from, to }: Steps,
): Promise<{ chunk: number; part: Part }[]> {
  const rows = await db
    .selectFrom('stepChunks')
    .select(['chunk', 'lossMin', 'lossMean', 'lossMax', 'notFinite', 'tokens', 'seconds'])
    .$if(metrics, (query) => query.select('metrics'))
    .where('runId', '=', runId)
    .where('chunk', '>=', chunkOf(from + CHUNK - 1))
    .where('chunk', '<', chunkOf(to + 1))
    .orderBy('chunk')
    .execute();
  return rows.map((row) => ({
    chunk: row.chunk,
    part: {
      fromStep: firstOf(row.chunk),
      toStep: firstOf(row.chunk) + CHUNK - 1,
      steps: CHUNK,
      loss: spread(CHUNK - row.notFinite, row.lossMin, row.lossMean, row.lossMax),
      tokens: row.tokens,
      seconds: row.seconds,
      metrics: JSON.parse(row.metrics ?? '{}') as Record<string, Spread>,
    },
  }));
}

/** Beyond these a loss is stored as a word (NaN, Infinity), which SQL must not count among numbers. */
const LARGEST = Number.MAX_VALUE;

/** Put together where the steps are: one part for each `width` of steps, counted from `origin`. */
async function singleParts(
  { db, runId, metrics }: Reading,
  { from, to, width, origin }: Steps & { width: number; origin: number },
): Promise<Part[]> {
  const loss = sql<number | null>`case when loss_mean between ${-LARGEST} and ${LARGEST} then loss_mean end`;
  const span = sql<number>`cast((step - ${origin}) / ${width} as integer)`;
  const rows = await db
    .selectFrom('stepMetrics')
    .select([
      span.as('span'),
      sql<number>`min(step)`.as('fromStep'),
      sql<number>`max(step)`.as('toStep'),
      sql<number>`count(*)`.as('steps'),
      sql<number>`count(${loss})`.as('finite'),
      sql<number | null>`min(${loss})`.as('min'),
      sql<number | null>`avg(${loss})`.as('mean'),
      sql<number | null>`max(${loss})`.as('max'),
      sql<number>`sum(tokens)`.as('tokens'),
      sql<number>`sum(seconds)`.as('seconds'),
    ])
    .where('runId', '=', runId)
    .where('step', '>=', from)
    .where('step', '<=', to)
    .groupBy('span')
    .orderBy('span')
    .execute();
  const told = metrics ? await toldOf(db, runId, { from, to, span }) : new Map<number, Record<string, Spread>>();
  return rows.map(({ span: at, finite, min, mean, max, ...row }) => ({
    ...row,
    loss: spread(finite, min, mean, max),
    metrics: told.get(at) ?? {},
  }));
}

async function toldOf(
  db: Sql,
  runId: string,
  { from, to, span }: Steps & { span: ReturnType<typeof sql<number>> },
): Promise<Map<number, Record<string, Spread>>> {
  const { rows } = await sql<{ span: number; name: string; count: number; min: number; mean: number; max: number }>`
    select ${span} as span, told.key as name, count(*) as count,
           min(told.value) as min, avg(told.value) as mean, max(told.value) as max
    from step_metrics, json_each(step_metrics.metrics) as told
    where run_id = ${runId} and step between ${from} and ${to} and told.type in ('integer', 'real')
    group by 1, 2`.execute(db);
  const found = new Map<number, Record<string, Spread>>();
  for (const { span: at, name, ...numbers } of rows) found.set(at, { ...found.get(at), [name]: numbers });
  return found;
}

function spread(count: number, min: number | null, mean: number | null, max: number | null): Spread | undefined {
  return min === null || mean === null || max === null ? undefined : { count, min, mean, max };
}

function joined(parts: readonly Part[]): StepSpan {
  const loss = joinSpreads(parts.flatMap((part) => part.loss ?? []));
  const steps = sum(parts.map((part) => part.steps));
  const metrics: Record<string, ReturnType<typeof ranged>> = {};
  for (const name of new Set(parts.flatMap((part) => Object.keys(part.metrics)))) {
    metrics[name] = ranged(joinSpreads(parts.flatMap((part) => part.metrics[name] ?? [])));
  }
  return {
    fromStep: parts[0]?.fromStep ?? 0,
    toStep: parts.at(-1)?.toStep ?? 0,
    steps,
    ...(loss !== undefined && { lossMean: ranged(loss) }),
    notFinite: steps - (loss?.count ?? 0),
    tokens: sum(parts.map((part) => part.tokens)),
    seconds: sum(parts.map((part) => part.seconds)),
    ...(Object.keys(metrics).length > 0 && { metrics }),
  };
}

function ranged(spread: Spread | undefined): { min: number; mean: number; max: number } {
  const { min, mean, max } = spread ?? { min: Number.NaN, mean: Number.NaN, max: Number.NaN };
  return { min, mean, max };
}
