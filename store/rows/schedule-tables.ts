/** Schedules, their firings, and what was done to them. */
import type { Selectable } from 'kysely';
import type { Firing, FiringPlan } from '../../domain/words/schedule.ts';
import { telling } from './announcement-tables.ts';
import { fromJson, now, present, toJson } from './codec.ts';
import type { ScheduleReader, ScheduleWriter, StoredSchedule } from './schedule-records.ts';
import type { Sql, Tables } from './schema.ts';

/** A time that never began, as far as was known. */
const UNFIRED = ['skipped', 'missed'] as const;

export function scheduleTables(db: Sql): ScheduleReader & ScheduleWriter {
  async function planOf(schedule: string, nominalAt: string): Promise<FiringPlan | undefined> {
    const row = await db
      .selectFrom('firings')
      .select('plan')
      .where('schedule', '=', schedule)
      .where('nominalAt', '=', nominalAt)
      .executeTakeFirst();
    return row?.plan === undefined || row.plan === null ? undefined : (fromJson(row.plan) as FiringPlan);
  }

  return {
    async schedule(name) {
      const row = await db.selectFrom('schedules').selectAll().where('name', '=', name).executeTakeFirst();
      return row && toSchedule(row);
    },

    async schedules() {
      const rows = await db
        .selectFrom('schedules')
        .selectAll()
        .where('removedAt', 'is', null)
        .orderBy('name')
        .execute();
      return rows.map(toSchedule);
    },

    async firing(schedule, nominalAt) {
      const row = await db
        .selectFrom('firings')
        .selectAll()
        .where('schedule', '=', schedule)
        .where('nominalAt', '=', nominalAt)
        .executeTakeFirst();
      if (row === undefined) return undefined;
      return { ...toFiring(row), ...(row.plan !== null && { plan: fromJson(row.plan) as FiringPlan }) };
    },

    async firings(schedule, { limit, since }) {
      let rows = db.selectFrom('firings').selectAll().where('schedule', '=', schedule);
      if (since !== undefined) {
        rows = rows.where((where) =>
          where.or([where('nominalAt', '>=', since), where('state', '=', 'running'), where('endedAt', '>=', since)]),
        );
      }
      return (await rows.orderBy('nominalAt', 'desc').limit(limit).execute()).map(toFiring);
    },

    async runningFirings(schedule) {
      const rows = db.selectFrom('firings').selectAll().where('schedule', '=', schedule).where('state', '=', 'running');
      return (await rows.orderBy('nominalAt').execute()).map(toFiring);
    },

    async lastData(schedule) {
      const row = await db
        .selectFrom('firings')
        .selectAll()
        .where('schedule', '=', schedule)
        .where('state', '=', 'finished')
        .where('dataHash', 'is not', null)
        .orderBy('nominalAt', 'desc')
        .limit(1)
        .executeTakeFirst();
      return row && toFiring(row);
    },

    scheduleEvents: async (schedule, { limit }) =>
      db
        .selectFrom('scheduleEvents')
        .select(['at', 'message'])
        .where('schedule', '=', schedule)
        .orderBy('seq', 'desc')
        .limit(limit)
        .execute(),

    async saveSchedule({ spec, file, askedBy }) {
      const at = now();
      const said = { spec: toJson(spec), file, askedBy, updatedAt: at };
      const fresh = { auditedUntil: at, pausedSince: null, pauseNote: null, removedAt: null };
      const inserted = await db
        .insertInto('schedules')
        .values({ name: spec.name, ...said, ...fresh, createdAt: at })
        .onConflict((conflict) => conflict.column('name').doNothing())
        .executeTakeFirst();
      if (inserted.numInsertedOrUpdatedRows === 1n) return;
      await db
        .updateTable('schedules')
        .set({ ...fresh, createdAt: at })
        .where('name', '=', spec.name)
        .where('removedAt', 'is not', null)
        .execute();
      await db.updateTable('schedules').set(said).where('name', '=', spec.name).execute();
    },

    async markSchedule(name, marks) {
      await db.updateTable('schedules').set(marks).where('name', '=', name).execute();
    },

    async openFiring(schedule, nominalAt, { plan, dataHash = null, told }) {
      const at = now();
      const isStarted = plan.kind !== 'nothing';
      const opened = {
        state: isStarted ? ('running' as const) : plan.state,
        firedAt: at,
        endedAt: isStarted ? null : at,
        kind: isStarted ? plan.kind : null,
        subject: isStarted ? plan.id : null,
        plan: toJson(plan),
        dataHash,
        reason: isStarted ? null : plan.reason,
      };
      await telling(db, told, async (within) => {
        const done = await within
          .insertInto('firings')
          .values({ schedule, nominalAt, ...opened })
          .onConflict((conflict) =>
            conflict.columns(['schedule', 'nominalAt']).doUpdateSet(opened).where('firings.state', 'in', UNFIRED),
          )
          .executeTakeFirst();
        return done.numInsertedOrUpdatedRows === 1n;
      });
      return (await planOf(schedule, nominalAt)) ?? plan;
    },

    async endFiring(schedule, nominalAt, { state, reason, told }) {
      const at = now();
      await telling(db, told, async (within) => {
        const done = await within
          .insertInto('firings')
          // One that came to no plan.
          .values({ schedule, nominalAt, state, reason, firedAt: at, endedAt: at })
          .onConflict((conflict) =>
            conflict
              .columns(['schedule', 'nominalAt'])
              .doUpdateSet({ state, reason, endedAt: at })
              .where('firings.state', 'in', ['running', ...UNFIRED]),
          )
          .executeTakeFirst();
        return done.numInsertedOrUpdatedRows === 1n;
      });
    },

    async noteUnfired(schedule, nominalAt, { told, ...why }) {
      await telling(db, told, async (within) => {
        const done = await within
          .insertInto('firings')
          .values({ schedule, nominalAt, ...why })
          .onConflict((conflict) => conflict.columns(['schedule', 'nominalAt']).doNothing())
          .executeTakeFirst();
        return done.numInsertedOrUpdatedRows === 1n;
      });
    },

    async addScheduleEvent(schedule, event) {
      await db
        .insertInto('scheduleEvents')
        .values({ schedule, ...event, at: now() })
        .onConflict((conflict) => conflict.columns(['schedule', 'key']).doNothing())
        .execute();
    },
  };
}

function toSchedule(row: Selectable<Tables['schedules']>): StoredSchedule {
  const { spec, ...schedule } = present(row);
  return { ...schedule, spec: fromJson(spec) as StoredSchedule['spec'] };
}

function toFiring(row: Selectable<Tables['firings']>): Firing {
  const { plan: _, ...firing } = present(row);
  return firing;
}
