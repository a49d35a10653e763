/** What a run asks for once it is over, if its experiment has a gate: that its result be promoted. */
import type { RunInput } from '../../domain/words/run.ts';
import { promotionActivities } from '../promotion/promotion-activities.ts';
import { promotionId } from '../../domain/words/promotion.ts';
import type { RunState } from './run-state.ts';

/** Asks, and does not wait for the answer: the gate may take days, and this run's machines are returned. */
export async function requestPromotion(
  { runId, runHex, spec, coordinator }: RunInput,
  { result, stop }: RunState,
): Promise<void> {
  const { promotion: gate } = spec;
  if (gate === undefined || result === undefined) return;
  // Its branches go on, and ask in their turn; of those, one that lost the trial has nothing to ask for.
  if (stop?.branch === true || (coordinator !== undefined && stop?.requested === true)) return;
  await promotionActivities.requestPromotion({
    kind: 'promote',
    id: promotionId(gate.alias, runHex),
    gate,
    subject: { runId, checkpoint: result },
    askedBy: runId,
    askedAt: new Date(Date.now()).toISOString(),
  });
}
