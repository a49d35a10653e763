/** Continuing as new: a history stays short however long the run, and whatever is in flight beside it. */
import { allHandlersFinished, condition, continueAsNew, workflowInfo } from '@temporalio/workflow';
import type { RunInput, RunReport } from '../../domain/words/run.ts';
import type { Run, RunState } from './state.ts';

type CarriedRun = (input: RunInput, carried: RunState) => Promise<RunReport>;

/** A longer history would take seconds to replay on another worker. */
const MAX_HISTORY_EVENTS = 2000;

/** To be called where no activity is in flight: a proof lives in a workflow of its own, and is heard of by a signal. */
export async function continueAsNewIfLong({ input, state }: Run): Promise<void> {
  const { historyLength, continueAsNewSuggested } = workflowInfo();
  if (historyLength < MAX_HISTORY_EVENTS && !continueAsNewSuggested) return;
  await condition(allHandlersFinished);
  await continueAsNew<CarriedRun>(input, state);
}
