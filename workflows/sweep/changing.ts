/** What is changed of a sweep while it runs: by whom is on record, and trials that were proposed before keep their place. */
import { getExternalWorkflowHandle, isCancellation } from '@temporalio/workflow';
import type { SweepChange, SweepInput } from '../../domain/words/sweep-workflow.ts';
import { stopSignal } from '../run/messages.ts';
import { sweepActivities as activities } from './activities.ts';
import { takeOrder } from './hearing.ts';
import type { Sweep } from './state.ts';

/** In the order in which they were asked for. */
export async function noteChanges(sweep: Sweep): Promise<void> {
  const { state } = sweep;
  for (let change = state.changes[0]; change !== undefined; [change] = state.changes) {
    if (change.parameters === undefined && change.stopTrial === undefined) await noteNumbers(sweep, change);
    else await applyChange(sweep, change);
    state.changes = state.changes.slice(1);
  }
}

/** The sweep as it has become: what is proposed from here on rests on it. */
export function asChanged({ input, state: { parameters } }: Sweep): SweepInput {
  return parameters === undefined ? input : { ...input, spec: { ...input.spec, parameters } };
}

/** How many, how many at a time and what they may cost holds since it was heard. */
async function noteNumbers({ input: { sweepId } }: Sweep, change: SweepChange): Promise<void> {
  const { trials, concurrency, budget = {}, by, at } = change;
  const what = [
    ...(trials === undefined ? [] : [`${trials} trials in all`]),
    ...(concurrency === undefined ? [] : [`${concurrency} at a time`]),
    ...Object.entries(budget).map(([name, limit]) => `budget.${name} of ${limit}`),
  ];
  await activities.noteSweep({
    sweepId,
    key: `change/${at}`,
    message: `from here on ${what.join(', ')}, set by ${by}`,
  });
}

async function applyChange(sweep: Sweep, change: SweepChange): Promise<void> {
  const { input, state } = sweep;
  await activities.changeSweep({ sweepId: input.sweepId, order: takeOrder(state), change });
  const { parameters, stopTrial } = change;
  if (parameters !== undefined) state.parameters = { ...(state.parameters ?? input.spec.parameters), ...parameters };
  if (stopTrial !== undefined) await stopOne(sweep, stopTrial, `stopped by ${change.by}`);
}

/** One that was not begun is dropped; of one that runs, the checkpoint that it came to is its result. */
async function stopOne({ input: { sweepId }, state }: Sweep, number: number, reason: string): Promise<void> {
  if (state.waiting.some((trial) => trial.number === number)) {
    state.waiting = state.waiting.filter((trial) => trial.number !== number);
    state.live = state.live.filter((trial) => trial.number !== number);
    await activities.endTrial({ sweepId, number, order: takeOrder(state), state: 'cancelled', reason });
    return;
  }
  const run = state.running.find((trial) => trial.number === number);
  if (run === undefined) return;
  try {
    await getExternalWorkflowHandle(run.runId).signal(stopSignal, { reason });
  } catch (error) {
    // It may be over by now.
    if (isCancellation(error)) throw error;
  }
}
