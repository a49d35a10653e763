/** Sweeps, their trials and scores. */
import { telling } from './announcement-tables.ts';
import { fromJson, fromMeasure, now, present, toJson, toMeasure, toMeasuresJson, fromMeasuresJson } from './codec.ts';
import type { Sql, Tables } from './schema.ts';
import type {
  JudgedScore,
  StoredSweep,
  StoredSweepChange,
  StoredTrial,
  SweepReader,
  SweepWriter,
  TrialMark,
} from './sweep-records.ts';
import type { Selectable } from 'kysely';
import type { StopVerdict } from '../../domain/words/sweep.ts';

export function sweepTables(db: Sql): SweepReader & SweepWriter {
  async function readTrials(sweepId: string, number?: number): Promise<StoredTrial[]> {
    let trials = db.selectFrom('trials').selectAll().where('sweepId', '=', sweepId).orderBy('number');
    let scores = db.selectFrom('trialScores').selectAll().where('sweepId', '=', sweepId).orderBy('number');
    if (number !== undefined) {
      trials = trials.where('number', '=', number);
      scores = scores.where('number', '=', number);
    }
    const byTrial = new Map<number, JudgedScore[]>();
    for (const row of await scores.orderBy('step').execute()) {
      byTrial.set(row.number, [...(byTrial.get(row.number) ?? []), toScore(row)]);
    }
    return (await trials.execute()).map((row) => toTrial(row, byTrial.get(row.number) ?? []));
  }

  return {
    async sweep(sweepId) {
      const row = await db.selectFrom('sweeps').selectAll().where('id', '=', sweepId).executeTakeFirst();
      return row && toSweep(row);
    },

    async sweeps({ limit }) {
      const rows = await db
        .selectFrom('sweeps')
        .selectAll()
        .orderBy('createdAt', 'desc')
        .orderBy('id')
        .limit(limit)
        .execute();
      return rows.map(toSweep);
    },

    trials: async (sweepId) => readTrials(sweepId),

    async trial(sweepId, number) {
      const [trial] = await readTrials(sweepId, number);
      return trial;
    },

    sweepEvents: async (sweepId) =>
      db
        .selectFrom('sweepEvents')
        .select(['seq', 'at', 'message'])
        .where('sweepId', '=', sweepId)
        .orderBy('seq')
        .execute(),

    async sweepChanges(sweepId) {
      const rows = await db
        .selectFrom('sweepChanges')
        .select(['decisionOrder', 'change'])
        .where('sweepId', '=', sweepId)
        .orderBy('decisionOrder')
        .execute();
      return rows.map(({ decisionOrder, change }) => ({
        order: decisionOrder,
        change: fromJson(change) as StoredSweepChange['change'],
      }));
    },

    async trialsOfRuns(runIds) {
      const marks = new Map<string, TrialMark>();
      if (runIds.length === 0) return marks;
      const rows = await db
        .selectFrom('trials')
        .select(['runId', 'sweepId', 'number', 'planned'])
        .where('runId', 'in', runIds)
        .execute();
      for (const { runId, sweepId, number, planned } of rows) {
        const { parameters } = fromJson(planned) as StoredTrial['planned'];
        marks.set(runId, { sweepId, number, parameters });
      }
      return marks;
    },

    async saveSweep({ sweepId, spec, experiment, ...sweep }) {
      const at = now();
      await db
        .insertInto('sweeps')
        .values({
          ...sweep,
          id: sweepId,
          spec: toJson(spec),
          experiment: toJson(experiment),
          outcome: 'running',
          createdAt: at,
          updatedAt: at,
        })
        .onConflict((conflict) => conflict.column('id').doNothing())
        .execute();
    },

    async updateSweep(sweepId, { outcome, reason, best, winner, promotion, told }) {
      await telling(db, told, async (within) => {
        const { numUpdatedRows } = await within
          .updateTable('sweeps')
          .set({
            outcome,
            updatedAt: now(),
            ...(reason !== undefined && { reason }),
            ...(best !== undefined && { best: toJson(best) }),
            ...(winner !== undefined && { winner: toMeasuresJson(winner) }),
            ...(promotion !== undefined && { promotion: toJson(promotion) }),
          })
          .where('id', '=', sweepId)
          .executeTakeFirst();
        return numUpdatedRows > 0n;
      });
    },

    async saveTrial(sweepId, { number, proposedOrder, planned }) {
      const { runId } = planned.run;
      await db
        .insertInto('trials')
        .values({ sweepId, number, proposedOrder, runId, planned: toJson(planned), state: 'running' })
        .onConflict((conflict) => conflict.columns(['sweepId', 'number']).doNothing())
        .execute();
    },

    async saveTrialScore(sweepId, number, { step, order, checkpoint, score, low, high, prompts, verdict }) {
      await db
        .insertInto('trialScores')
        .values({
          sweepId,
          number,
          step,
          decisionOrder: order,
          checkpoint,
          score: toMeasure(score),
          low: toMeasure(low),
          high: toMeasure(high),
          prompts: prompts ?? null,
          verdict: verdict === undefined ? null : toMeasuresJson(verdict),
        })
        .onConflict((conflict) => conflict.columns(['sweepId', 'number', 'step']).doNothing())
        .execute();
    },

    async endTrial(sweepId, number, { state, endedOrder, reason = null }) {
      await db
        .updateTable('trials')
        .set({ state, endedOrder, reason })
        .where('sweepId', '=', sweepId)
        .where('number', '=', number)
        .where('endedOrder', 'is', null)
        .execute();
    },

    async noteTrialOutcome(sweepId, number, outcome) {
      await db.updateTable('trials').set(outcome).where('sweepId', '=', sweepId).where('number', '=', number).execute();
    },

    async saveSweepChange(sweepId, { order, change }) {
      await db
        .insertInto('sweepChanges')
        .values({ sweepId, decisionOrder: order, change: toJson(change) })
        .onConflict((conflict) => conflict.columns(['sweepId', 'decisionOrder']).doNothing())
        .execute();
    },

    async saveConfirmation(sweepId, number, confirmation) {
      await db
        .updateTable('trials')
        .set({ confirmation: toMeasuresJson(confirmation) })
        .where('sweepId', '=', sweepId)
        .where('number', '=', number)
        .execute();
    },

    async addSweepEvent(sweepId, event) {
      await db
        .insertInto('sweepEvents')
        .values({ sweepId, ...event, at: now() })
        .onConflict((conflict) => conflict.columns(['sweepId', 'key']).doNothing())
        .execute();
    },
  };
}

function toSweep(row: Selectable<Tables['sweeps']>): StoredSweep {
  const { id, spec, experiment, best, winner, promotion, ...sweep } = present(row);
  return {
    ...sweep,
    sweepId: id,
    spec: fromJson(spec) as StoredSweep['spec'],
    experiment: fromJson(experiment) as StoredSweep['experiment'],
    ...(best !== undefined && { best: fromJson(best) as NonNullable<StoredSweep['best']> }),
    ...(winner !== undefined && { winner: fromMeasuresJson(winner) as NonNullable<StoredSweep['winner']> }),
    ...(promotion !== undefined && { promotion: fromJson(promotion) as NonNullable<StoredSweep['promotion']> }),
  };
}

function toTrial(row: Selectable<Tables['trials']>, scores: readonly JudgedScore[]): StoredTrial {
  const { planned, confirmation, sweepId: _, ...trial } = present(row);
  return {
    ...trial,
    planned: fromJson(planned) as StoredTrial['planned'],
    scores,
    ...(confirmation !== undefined && {
      confirmation: fromMeasuresJson(confirmation) as NonNullable<StoredTrial['confirmation']>,
    }),
  };
}

function toScore(row: Selectable<Tables['trialScores']>): JudgedScore {
  const { decisionOrder, score, low, high, verdict, step, checkpoint, prompts } = present(row);
  return {
    step,
    checkpoint,
    order: decisionOrder,
    score: fromMeasure(score),
    low: fromMeasure(low ?? Number.NaN),
    high: fromMeasure(high ?? Number.NaN),
    ...(prompts !== undefined && { prompts }),
    ...(verdict !== undefined && { verdict: fromMeasuresJson(verdict) as StopVerdict }),
  };
}
