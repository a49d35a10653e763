/** Writes down the end of a run whose store was away when it ended, however long that takes. */
import { activities } from '../activities.ts';
import type { AfterwordInput } from '../../domain/words/afterword.ts';
import { promotionActivities } from '../promotion/promotion-activities.ts';

export async function afterword({ facts, held, mark, promotion }: AfterwordInput): Promise<void> {
  for (const fact of facts) {
    // Whatever the store acknowledged to the run must be there: one that lacks it is another one.
    const { missing } = await activities.record({ ...fact, mark });
    if (missing) await activities.restoreRecord(held);
  }
  if (promotion !== undefined) await promotionActivities.requestPromotion(promotion);
}
