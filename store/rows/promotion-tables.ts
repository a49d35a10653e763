/** Promotions, their audit, and so what every alias stands for. */
import { sql, type Selectable, type Updateable } from 'kysely';
import type { Gate, PromotionFacts, PromotionState, SuiteComparison } from '../../domain/words/promotion.ts';
import { telling } from './announcement-tables.ts';
import { fromJson, present, toJson } from './codec.ts';
import type { PromotionReader, PromotionWriter, StoredPromotion } from './promotion-records.ts';
import type { Sql, Tables } from './schema.ts';

/** The states that a promotion may be in before it moves to each. */
const BEFORE: Record<PromotionState, readonly PromotionState[]> = {
  waiting: [],
  evaluating: ['waiting', 'evaluating'],
  'awaiting-approval': ['evaluating', 'awaiting-approval'],
  promoting: ['evaluating', 'awaiting-approval', 'promoting'],
  promoted: ['promoting'],
  refused: ['evaluating'],
  rejected: ['awaiting-approval'],
  expired: ['awaiting-approval'],
  failed: ['waiting', 'evaluating', 'awaiting-approval', 'promoting'],
  undone: ['promoted'],
};

export function promotionTables(db: Sql): PromotionReader & PromotionWriter {
  return {
    async savePromotion({ id, gate, subject, askedBy, askedAt }) {
      const { runId, checkpoint } = subject;
      const asked = { id, alias: gate.alias, runId, checkpoint, gate: toJson(gate), askedBy, askedAt };
      await db
        .insertInto('promotions')
        .values({ ...asked, state: 'waiting' })
        .onConflict((conflict) => conflict.column('id').doNothing())
        .execute();
    },

    async movePromotion(id, state, facts, told) {
      // One statement makes a champion, or unmakes it: there is no moment at which an alias stands for two, or for none.
      const reign = sql<number>`(select coalesce(max(reign), 0) + 1 from promotions as others
        where others.alias = promotions.alias)`;
      await telling(db, told, async (within) => {
        const { numUpdatedRows } = await within
          .updateTable('promotions')
          .set({ state, ...columnsOf(facts), ...(state === 'promoted' && { reign }) })
          .where('id', '=', id)
          .where('state', 'in', BEFORE[state])
          .executeTakeFirst();
        return numUpdatedRows > 0n;
      });
    },

    async addPromotionEvent(event) {
      await db
        .insertInto('promotionEvents')
        .values(event)
        .onConflict((conflict) => conflict.columns(['promotionId', 'event']).doNothing())
        .execute();
    },

    async promotion(id) {
      const row = await db.selectFrom('promotions').selectAll().where('id', '=', id).executeTakeFirst();
      return row && toPromotion(row);
    },

    async promotions({ alias } = {}) {
      let query = db.selectFrom('promotions').selectAll();
      if (alias !== undefined) query = query.where('alias', '=', alias);
      const rows = await query.orderBy('askedAt', 'desc').orderBy('id').execute();
      return rows.map(toPromotion);
    },

    async champions(alias) {
      const rows = await db
        .selectFrom('promotions')
        .selectAll()
        .where('alias', '=', alias)
        .where('state', '=', 'promoted')
        .orderBy('reign', 'desc')
        .execute();
      return rows.map(toPromotion);
    },

    async promotionEvents(promotionId) {
      const rows = await db
        .selectFrom('promotionEvents')
        .select(['promotionId', 'event', 'at', 'by', 'message'])
        .where('promotionId', '=', promotionId)
        .orderBy('seq')
        .execute();
      return rows.map((row) => present(row));
    },
  };
}

function columnsOf({ comparisons, ...facts }: PromotionFacts): Updateable<Tables['promotions']> {
  return { ...facts, ...(comparisons !== undefined && { comparisons: toJson(comparisons) }) };
}

function toPromotion(row: Selectable<Tables['promotions']>): StoredPromotion {
  const { gate, comparisons, ...columns } = present(row);
  return {
    ...columns,
    gate: fromJson(gate) as Gate,
    ...(comparisons !== undefined && { comparisons: fromJson(comparisons) as SuiteComparison[] }),
  };
}
