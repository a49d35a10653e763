/** What promotions made of checkpoints, as marks of the lineage: `prod`, `was prod`, `prod undone`, `prod awaits approval`. */
import type { StoredPromotion, StoreReader } from '../../store/index.ts';
import { markKey, type Marks } from '../lineage/lineage.ts';

export async function promotionMarks(reader: StoreReader): Promise<Marks> {
  const promotions = await reader.promotions();
  const champions = new Map<string, string | undefined>();
  for (const alias of new Set(promotions.map((promotion) => promotion.alias))) {
    champions.set(alias, (await reader.champions(alias))[0]?.id);
  }
  const marks = new Map<string, readonly string[]>();
  // Oldest first, so that what holds now is told last, and stands for what it was before.
  for (const promotion of promotions.toReversed()) {
    const mark = markOf(promotion, champions.get(promotion.alias) === promotion.id);
    if (mark === undefined) continue;
    const key = markKey(promotion.runId, promotion.checkpoint);
    const others = (marks.get(key) ?? []).filter((other) => !other.split(' ').includes(promotion.alias));
    marks.set(key, [...others, mark]);
  }
  return marks;
}

function markOf({ alias, state }: StoredPromotion, isChampion: boolean): string | undefined {
  if (state === 'promoted') return isChampion ? alias : `was ${alias}`;
  if (state === 'undone') return `${alias} undone`;
  return state === 'awaiting-approval' ? `${alias} awaits approval` : undefined;
}
