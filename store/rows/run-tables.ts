/** Runs and their events. */
import { sql } from 'kysely';
import type { Selectable, SelectQueryBuilder } from 'kysely';
import { PawlError } from '../../domain/words/failures-of-calls.ts';
import { telling } from './announcement-tables.ts';
import { fromJson, now, present, toJson } from './codec.ts';
import { UNKNOWN_SPEC, adoptRun } from './adopt.ts';
import type { Sql, Tables } from './schema.ts';
import type { Store, StoredRun } from './store.ts';
import type { BranchPoint } from '../../domain/words/branches.ts';
import type { SpecChange } from '../../domain/spec/spec-changes.ts';
import type { Plan } from '../../domain/words/plan.ts';
import type { Release } from '../../domain/words/run.ts';
import type { RunSpec } from '../../domain/spec/spec.ts';

type RunVerbs = Pick<
  Store,
  'saveRun' | 'updateRun' | 'addEvent' | 'listRuns' | 'getRun' | 'unendedRuns' | 'parentOf' | 'events' | 'newestEvents'
>;

export function runTables(db: Sql, namespaceId: string | null): RunVerbs {
  return {
    async saveRun({ runId, name, spec, createdAt, parent }) {
      const given = {
        name,
        spec: toJson(spec),
        namespaceId,
        createdAt,
        ...(parent !== undefined && fromBranchPoint(parent)),
      };
      await db
        .insertInto('runs')
        .values({ id: runId, ...given, phase: 'plan', step: 0, generation: 1, outcome: 'pending', updatedAt: now() })
        .onConflict((conflict) => conflict.column('id').doUpdateSet(given).where('runs.spec', '=', UNKNOWN_SPEC))
        .execute();
    },

    async updateRun(runId, { phase, step, generation, outcome, reason, plan, release, mark, told }) {
      const before = await db.selectFrom('runs').select(['spec', 'records']).where('id', '=', runId).executeTakeFirst();
      if (before === undefined) await adoptRun(db, runId);
      const { spec, records } = before ?? { spec: UNKNOWN_SPEC, records: 0 };
      const missing = spec === UNKNOWN_SPEC || records < (mark?.acknowledged ?? 0);
      const behind = sql<boolean>`(generation = ${generation} and step > ${step})`;
      const update = (within: Sql) =>
        within
          .updateTable('runs')
          .set((column) => ({
            // A run that went back to an earlier checkpoint for its result is over all the same.
            phase:
              outcome === undefined ? sql`case when ${behind} then ${column.ref('phase')} else ${phase} end` : phase,
            step: sql`case when ${behind} then ${column.ref('step')} else ${step} end`,
            generation: sql`case when ${behind} then ${column.ref('generation')} else ${generation} end`,
            ...(outcome !== undefined && { outcome }),
            ...(reason !== undefined && { reason }),
            ...(plan !== undefined && { plan: toJson(plan) }),
            ...(release !== undefined && { release: toJson(release) }),
            // What is missing is not made up for by what comes after it.
            ...(mark !== undefined && !missing && { records: sql`max(records, ${mark.seq})` }),
            updatedAt: now(),
          }))
          .where('id', '=', runId)
          .where('generation', '<=', generation)
          .executeTakeFirst();
      await telling(db, told, async (within) => (await update(within)).numUpdatedRows > 0n);
      return { missing };
    },

    async addEvent(runId, { key, at, phase, level, message }, told) {
      await telling(db, told, async (within) => {
        await within
          .insertInto('events')
          .values({ runId, key, at, phase, level, message })
          .onConflict((conflict) => conflict.columns(['runId', 'key']).doNothing())
          .execute();
        return true;
      });
    },

    async listRuns({ limit, before }) {
      let query = knownRuns(db).selectAll();
      if (before !== undefined) {
        const { createdAt, runId } = before;
        query = query
          .where('createdAt', '<=', createdAt)
          .where((run) => run.or([run('createdAt', '<', createdAt), run('id', '<', runId)]));
      }
      const rows = await query.orderBy('createdAt', 'desc').orderBy('id', 'desc').limit(limit).execute();
      return rows.map(toRun);
    },

    async unendedRuns(namespaceId) {
      const rows = await db
        .selectFrom('runs')
        .selectAll()
        .where('namespaceId', '=', namespaceId)
        .where('outcome', 'in', ['pending', 'running', 'cancelling'])
        .where('spec', '!=', UNKNOWN_SPEC)
        .execute();
      return rows.map(toRun);
    },

    async getRun(reference) {
      const exact = await knownRuns(db).selectAll().where('id', '=', reference).executeTakeFirst();
      if (exact !== undefined) return toRun(exact);
      const named = await knownRuns(db).selectAll().where('name', '=', reference).orderBy('createdAt').execute();
      const candidates = named.length > 0 ? named : await startingWith(db, reference);
      const [only, ...others] = candidates;
      if (only === undefined) throw unknownRun(reference);
      if (others.length > 0) throw ambiguousRun(reference, candidates);
      return toRun(only);
    },

    async parentOf(runId) {
      const row = await db
        .selectFrom('runs')
        .select(['parentRun', 'parentCheckpoint'])
        .where('id', '=', runId)
        .executeTakeFirst();
      if (row === undefined || row.parentRun === null || row.parentCheckpoint === null) return undefined;
      return { runId: row.parentRun, checkpoint: row.parentCheckpoint };
    },

    async newestEvents(runId, { limit }) {
      const rows = await db
        .selectFrom('events')
        .select(['seq', 'key', 'at', 'phase', 'level', 'message'])
        .where('runId', '=', runId)
        .orderBy('seq', 'desc')
        .limit(limit)
        .execute();
      return rows.reverse();
    },

    events(runId, { after = 0, limit } = {}) {
      const query = db
        .selectFrom('events')
        .select(['seq', 'key', 'at', 'phase', 'level', 'message'])
        .where('runId', '=', runId)
        .where('seq', '>', after)
        .orderBy('seq');
      return (limit === undefined ? query : query.limit(limit)).execute();
    },
  };
}

function fromBranchPoint({ runId, checkpoint, step, changes }: BranchPoint): Partial<Selectable<Tables['runs']>> {
  return { parentRun: runId, parentCheckpoint: checkpoint, parentStep: step, changes: toJson(changes) };
}

/** Without those that only their facts are known of: they appear as soon as they say what they are. */
function knownRuns(db: Sql): SelectQueryBuilder<Tables, 'runs', object> {
  return db.selectFrom('runs').where('spec', '!=', UNKNOWN_SPEC);
}

export function toRun(row: Selectable<Tables['runs']>): StoredRun {
  const {
    id,
    spec,
    plan,
    release,
    parentRun,
    parentCheckpoint,
    parentStep,
    changes,
    records: _,
    ...rest
  } = present(row);
  return {
    runId: id,
    ...rest,
    spec: fromJson(spec) as RunSpec,
    ...(plan !== undefined && { plan: fromJson(plan) as Plan }),
    ...(release !== undefined && { release: fromJson(release) as Release }),
    ...(parentRun !== undefined && {
      parent: {
        runId: parentRun,
        checkpoint: parentCheckpoint ?? '',
        step: parentStep ?? 0,
        changes: fromJson(changes ?? '[]') as SpecChange[],
      },
    }),
  };
}

/** Not LIKE: its wildcards are legal characters of a reference that somebody typed. */
function startingWith(db: Sql, prefix: string): Promise<Selectable<Tables['runs']>[]> {
  return knownRuns(db)
    .selectAll()
    .where(sql<string>`substr(id, 1, ${prefix.length})`, '=', prefix)
    .orderBy('createdAt')
    .execute();
}

function unknownRun(reference: string): PawlError {
  return new PawlError(
    'InvalidRequest',
    `There is no run "${reference}" in the store: pawl list shows those there are.`,
  );
}

function ambiguousRun(reference: string, candidates: readonly { id: string; createdAt: string }[]): PawlError {
  const list = candidates.map((run) => `${run.id} (${run.createdAt})`).join(', ');
  return new PawlError(
    'InvalidRequest',
    `"${reference}" may be any of ${candidates.length} runs, give one id: ${list}`,
  );
}
