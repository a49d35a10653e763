/** What a run asks for once it is over, if its experiment has a gate: that its result be promoted. */
import { promotionId, type PromotionRequest } from '../../domain/words/promotion.ts';
import { promotionActivities } from '../promotion/promotion-activities.ts';
import type { Run } from './state.ts';

/** Undefined: nothing is asked for. */
export function promotionWanted({ input, state }: Run): PromotionRequest | undefined {
  const { runId, runHex, spec, coordinator } = input;
  const { result, stop, outcome } = state;
  const { promotion: gate } = spec;
  if (gate === undefined || result === undefined || outcome !== 'finished') return undefined;
  // Its branches go on, and ask in their turn; of those, one that lost the trial has nothing to ask for.
  if (stop?.branch === true || (coordinator !== undefined && stop?.requested === true)) return undefined;
  return {
    kind: 'promote',
    id: promotionId(gate.alias, runHex),
    gate,
    subject: { runId, checkpoint: result },
    askedBy: runId,
    askedAt: new Date(Date.now()).toISOString(),
  };
}

/** Asks, and does not wait for the answer: the gate may take days, and this run's machines are returned. */
export async function requestPromotion(run: Run): Promise<void> {
  const wanted = promotionWanted(run);
  if (wanted !== undefined) await promotionActivities.requestPromotion(wanted);
}
