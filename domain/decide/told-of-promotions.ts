/** What people are told of a promotion, from the state that it comes to. Pure. */
import type { Announcement } from '../words/announcements.ts';
import type { EventKind } from '../words/event-kinds.ts';
import type { PromotionFacts, PromotionState } from '../words/promotion.ts';

const KINDS: Partial<Record<PromotionState, EventKind>> = {
  'awaiting-approval': 'promotion.awaiting-approval',
  promoted: 'promotion.promoted',
  refused: 'promotion.refused',
  rejected: 'promotion.refused',
  expired: 'promotion.refused',
  failed: 'promotion.failed',
  undone: 'promotion.undone',
};

export interface PromotionTold {
  readonly id: string;
  readonly alias: string;
  readonly runId: string;
  readonly checkpoint: string;
}

/** A promotion is in each of these states once. */
export function toldOfPromotion(
  { id, alias, runId, checkpoint }: PromotionTold,
  state: PromotionState,
  { reason = '' }: PromotionFacts,
): Announcement[] {
  const kind = KINDS[state];
  if (kind === undefined) return [];
  const subject = { kind: 'promotion', id } as const;
  const what = `${runId}@${checkpoint} as ${alias}`;
  const why = reason === '' ? '' : `: ${reason}`;
  const data = { alias, runId, checkpoint, state, ...(reason !== '' && { reason }) };
  return [{ kind, subject, ordinal: state, title: `${titleOf(state, what, id)}${why}`, data }];
}

function titleOf(state: PromotionState, what: string, id: string): string {
  if (state === 'awaiting-approval') return `${what} waits for approval (pawl approve ${id})`;
  if (state === 'promoted' || state === 'undone') return `${what} is ${state}`;
  return `${what} was not promoted (${state})`;
}
