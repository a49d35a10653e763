/** What all trials of a sweep may cost together. */
import { sweepActivities as activities } from './activities.ts';
import type { Sweep } from './state.ts';

/** Once it is spent, the sweep ends in good order: no further trial, and those that run come to their ends. */
export async function watchBudget({ input: { sweepId, spec }, state }: Sweep): Promise<void> {
  const { maxCost, maxHours } = spec.budget;
  if ((maxCost === undefined && maxHours === undefined) || state.stop !== undefined) return;
  const { hours, cost } = await activities.sweepSpent({ sweepId });
  if (maxCost !== undefined && cost >= maxCost) {
    state.stop ??= `the budget is used up: ${cost.toFixed(2)} of ${maxCost} spent`;
  } else if (maxHours !== undefined && hours >= maxHours) {
    state.stop ??= `the budget is used up: ${hours.toFixed(2)} of ${maxHours} hours`;
  }
}
