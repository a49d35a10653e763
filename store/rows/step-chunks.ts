/**
 * A thousand steps in one row: their extremes and means, and the numbers of each, packed. Kept once all of them are there;
 * the row is only ever a copy, which the store takes away when one of its steps changes (migration 0014).
 */
import { sql } from 'kysely';
import { fromMeasure, toJson, type Measure } from './codec.ts';
import type { Sql } from './schema.ts';

/** The migration's triggers know it, too. */
export const CHUNK = 1_000;

/** Smallest, mean and largest of so many finite values. */
export interface Spread {
  readonly count: number;
  readonly min: number;
  readonly mean: number;
  readonly max: number;
}

export function chunkOf(step: number): number {
  return Math.floor((step - 1) / CHUNK);
}

export function firstOf(chunk: number): number {
  return chunk * CHUNK + 1;
}

/** Keeps the chunks that these steps complete. */
export async function closeChunks(db: Sql, runId: string, steps: readonly { readonly step: number }[]): Promise<void> {
  for (const { step } of steps) if (step % CHUNK === 0) await closeChunk(db, runId, chunkOf(step));
}

async function closeChunk(db: Sql, runId: string, chunk: number): Promise<void> {
  const [first, last] = [firstOf(chunk), firstOf(chunk) + CHUNK - 1];
  const rows = await db
    .selectFrom('stepMetrics')
    .select(['generation', 'lossMean', 'tokens', 'seconds', 'metrics'])
    .where('runId', '=', runId)
    .where('step', '>=', first)
    .where('step', '<=', last)
    .orderBy('step')
    .execute();
  if (rows.length < CHUNK) return;
  const losses = rows.map(({ lossMean }) => fromMeasure(lossMean));
  const loss = spreadOf(losses);
  const values = [
    runId,
    chunk,
    loss?.min ?? null,
    loss?.mean ?? null,
    loss?.max ?? null,
    CHUNK - (loss?.count ?? 0),
    sum(rows.map(({ tokens }) => tokens)),
    sum(rows.map(({ seconds }) => seconds)),
    metricsOf(rows.map(({ metrics }) => metrics)),
    pack(rows.map(({ lossMean, tokens, seconds }) => ({ lossMean, tokens, seconds }))),
  ];
  const generations = sum(rows.map(({ generation }) => generation));
  await db
    .insertInto('stepChunks')
    .columns([
      'runId',
      'chunk',
      'lossMin',
      'lossMean',
      'lossMax',
      'notFinite',
      'tokens',
      'seconds',
      'metrics',
      'numbers',
    ])
    .expression(
      // Generations only rise: the same sum over as many steps, and nobody went back or trained anew since they were read.
      sql`
        select ${sql.join(values)}
        where (select count(*) * 1e9 + sum(generation) from step_metrics
               where run_id = ${runId} and step between ${first} and ${last}) = ${CHUNK * 1e9 + generations}`,
    )
    .onConflict((conflict) => conflict.columns(['runId', 'chunk']).doNothing())
    .execute();
}

function metricsOf(told: readonly (string | null)[]): string | null {
  const values = new Map<string, number[]>();
  for (const text of told) {
    if (text === null) continue;
    for (const [name, value] of Object.entries(JSON.parse(text) as Record<string, unknown>)) {
      if (typeof value !== 'number') continue;
      const known = values.get(name);
      if (known === undefined) values.set(name, [value]);
      else known.push(value);
    }
  }
  return values.size === 0 ? null : toJson(Object.fromEntries([...values].map(([name, all]) => [name, spreadOf(all)])));
}

/** Of the finite ones; undefined: none is. */
function spreadOf(values: readonly number[]): Spread | undefined {
  const finite = values.filter((value) => Number.isFinite(value));
  if (finite.length === 0) return undefined;
  let [min, max, total] = [Infinity, -Infinity, 0];
  for (const value of finite) {
    min = Math.min(min, value);
    max = Math.max(max, value);
    total += value;
  }
  return { count: finite.length, min, mean: total / finite.length, max };
}

/** Of all that several spreads stand for. */
export function joinSpreads(spreads: readonly Spread[]): Spread | undefined {
  const count = sum(spreads.map((spread) => spread.count));
  if (count === 0) return undefined;
  return {
    count,
    min: Math.min(...spreads.map(({ min }) => min)),
    mean: sum(spreads.map((spread) => spread.mean * spread.count)) / count,
    max: Math.max(...spreads.map(({ max }) => max)),
  };
}

export function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}

/** Losses, tokens and seconds, each as so many doubles of this machine's: every one that Node runs on has the small end first. */
function pack(rows: readonly { lossMean: Measure; tokens: number; seconds: number }[]): Uint8Array {
  const columns = new Float64Array(3 * CHUNK);
  for (const [index, { lossMean, tokens, seconds }] of rows.entries()) {
    columns[index] = fromMeasure(lossMean);
    columns[CHUNK + index] = tokens;
    columns[2 * CHUNK + index] = seconds;
  }
  return new Uint8Array(columns.buffer);
}

/** The losses, tokens and seconds of a chunk's steps, as they were packed. */
export function unpack(numbers: ArrayBuffer): { lossMean: Float64Array; tokens: Float64Array; seconds: Float64Array } {
  const columns = new Float64Array(numbers);
  return {
    lossMean: columns.subarray(0, CHUNK),
    tokens: columns.subarray(CHUNK, 2 * CHUNK),
    seconds: columns.subarray(2 * CHUNK, 3 * CHUNK),
  };
}
