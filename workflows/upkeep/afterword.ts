/** Writes down the end of a run whose store was away when it ended, however long that takes. */
import { activities } from '../activities.ts';
import type { AfterwordInput } from '../../domain/words/afterword.ts';
import { promotionActivities } from '../promotion/promotion-activities.ts';

export async function afterword({ facts, promotion }: AfterwordInput): Promise<void> {
  for (const fact of facts) await activities.record(fact);
  if (promotion !== undefined) await promotionActivities.requestPromotion(promotion);
}
