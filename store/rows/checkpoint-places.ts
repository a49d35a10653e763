/** The one checkpoint of a run that is meant: by its name, at a step, the last, the first evaluated, the best. */
import { sql, type Expression, type Selectable, type SelectQueryBuilder } from 'kysely';
import { VALIDATION_LOSS } from '../../domain/words/names.ts';
import type { CheckpointRow } from './checkpoint-reports.ts';
import type { CheckpointPlace } from './records.ts';
import type { Sql, Tables } from './schema.ts';

type Rows = SelectQueryBuilder<Tables, 'checkpoints', CheckpointRow>;

export async function checkpointAt(db: Sql, runId: string, at: CheckpointPlace): Promise<CheckpointRow | undefined> {
  const own = db.selectFrom('checkpoints').selectAll().where('runId', '=', runId);
  switch (at.kind) {
    case 'last':
      return newest(own).executeTakeFirst();
    case 'step':
      return newest(own.where('step', '=', at.step)).executeTakeFirst();
    case 'name':
      return (await checkpointNamed(db, runId, at.name)) ?? (await oldest(own.where('identity', '=', at.name)));
    case 'baseline':
      return evaluatedFirst(db, runId);
    case 'best':
      return at.suite === VALIDATION_LOSS ? lowestLoss(db, runId) : best(db, runId, at);
    default:
      return at satisfies never;
  }
}

export function checkpointNamed(db: Sql, runId: string, name: string): Promise<CheckpointRow | undefined> {
  return db
    .selectFrom('checkpoints')
    .selectAll()
    .where('runId', '=', runId)
    .where('name', '=', name)
    .executeTakeFirst();
}

function newest(rows: Rows): Rows {
  return rows
    .orderBy('step', 'desc')
    .orderBy('generation', 'desc')
    .orderBy('savedAt', 'desc')
    .orderBy(sql`rowid`, 'desc')
    .limit(1);
}

function oldest(rows: Rows): Promise<CheckpointRow | undefined> {
  return rows
    .orderBy('step')
    .orderBy('generation')
    .orderBy('savedAt')
    .orderBy(sql`rowid`)
    .limit(1)
    .executeTakeFirst();
}

/** The run's own scored evaluations of a suite, by the last of which each checkpoint is judged. */
export function judged(
  db: Sql,
  runId: string | Expression<string>,
  suite: string | null,
): SelectQueryBuilder<Tables, 'evaluations', object> {
  return db
    .selectFrom('evaluations')
    .where('evaluations.runId', '=', runId)
    .where('appraisal', 'is', null)
    .where('kind', '=', 'scored')
    .where('suite', 'is', suite)
    .where(
      sql<boolean>`not exists (
        select 1 from evaluations as later
        where later.run_id = evaluations.run_id and later.checkpoint = evaluations.checkpoint
          and later.appraisal is null and later.kind = 'scored' and later.suite is evaluations.suite
          and (later.recorded_at, later.id) > (evaluations.recorded_at, evaluations.id))`,
    )
    .where(
      sql<boolean>`exists (
        select 1 from checkpoints
        where checkpoints.run_id = evaluations.run_id and checkpoints.name = evaluations.checkpoint)`,
    );
}

async function evaluatedFirst(db: Sql, runId: string): Promise<CheckpointRow | undefined> {
  const first = await judged(db, runId, null).select('step').orderBy('step').limit(1).executeTakeFirst();
  if (first === undefined) return undefined;
  const names = await judged(db, runId, null).select('checkpoint').where('step', '=', first.step).execute();
  return among(db, runId, names);
}

async function best(
  db: Sql,
  runId: string,
  { suite, direction }: CheckpointPlace & { kind: 'best' },
): Promise<CheckpointRow | undefined> {
  const scores = judged(db, runId, suite ?? null)
    // A score that is no number is stored as a word, which comes after every number, and is better than none.
    .where(sql<boolean>`score < ''`);
  const order = direction === 'maximize' ? 'desc' : 'asc';
  const winner = await scores.select('score').orderBy('score', order).limit(1).executeTakeFirst();
  if (winner === undefined) return undefined;
  // The earliest of equals.
  const equals = scores.where('score', '=', winner.score);
  const first = await equals.select('step').orderBy('step').limit(1).executeTakeFirst();
  if (first === undefined) return undefined;
  return among(db, runId, await equals.select('checkpoint').where('step', '=', first.step).execute());
}

/** By the loss of rows that are held out, of those that were evaluated: the earliest of equals. */
function lowestLoss(db: Sql, runId: string): Promise<CheckpointRow | undefined> {
  return oldest(
    db
      .selectFrom('checkpoints')
      .selectAll()
      .where('runId', '=', runId)
      .where(
        sql<boolean>`exists (
          select 1 from evaluations
          where evaluations.run_id = checkpoints.run_id and evaluations.checkpoint = checkpoints.name
            and evaluations.appraisal is null and evaluations.kind = 'scored' and evaluations.suite is null)`,
      )
      .where('validation', 'is not', null)
      .orderBy(sql`json_extract(validation, '$.loss')`),
  );
}

/** The first of these in the order of a run's checkpoints. */
function among(
  db: Sql,
  runId: string,
  names: readonly Pick<Selectable<Tables['evaluations']>, 'checkpoint'>[],
): Promise<CheckpointRow | undefined> {
  const wanted = names.map(({ checkpoint }) => checkpoint);
  return oldest(db.selectFrom('checkpoints').selectAll().where('runId', '=', runId).where('name', 'in', wanted));
}
