/** A sweep of any length goes on in a new history before the old one is long: nothing in flight is of this execution. */
import { allHandlersFinished, condition, continueAsNew, workflowInfo } from '@temporalio/workflow';
import type { SweepInput, SweepReport } from '../../domain/words/sweep-workflow.ts';
import type { Sweep, SweepState } from './state.ts';

type CarriedSweep = (input: SweepInput, carried: SweepState) => Promise<SweepReport>;

const MAX_EVENTS = 2_000;

export async function continueAsNewIfLong({ input, state }: Sweep): Promise<void> {
  if (workflowInfo().historyLength < MAX_EVENTS && !workflowInfo().continueAsNewSuggested) return;
  await condition(allHandlersFinished);
  await continueAsNew<CarriedSweep>(input, state);
}
