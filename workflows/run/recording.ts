/** One way to write facts down: where the run is goes with every one of them. */
import { workflowInfo } from '@temporalio/workflow';
import { activities } from '../activities.ts';
import type { RunInput, RunRecord } from '../../domain/words/run.ts';
import type { RunState } from './run-state.ts';

/** A store that was lost under the run, or replaced by an older copy, is told again whatever the run holds. */
export async function record(
  input: RunInput,
  state: RunState,
  facts: Omit<RunRecord, 'runId' | 'phase' | 'step' | 'generation' | 'place'> = {},
): Promise<void> {
  const { phase, step, generation } = state;
  const records = (state.records ??= { asked: 0, acknowledged: 0 });
  const place = { seq: ++records.asked, acknowledged: records.acknowledged };
  const answer = await activities.record({ runId: input.runId, phase, step, generation, place, ...facts });
  // Workers of before gave no answer.
  if (answer?.missing === true) await restore(input, state, place.seq);
  records.acknowledged = Math.max(records.acknowledged, place.seq);
}

async function restore(run: RunInput, state: RunState, seq: number): Promise<void> {
  const { phase, step, generation, outcome, reason, plan, checkpoints, rewinds, complete } = state;
  const { trainerId, deploymentId } = state;
  await activities.restoreRecord({
    run,
    startedAt: workflowInfo().runStartTime.toISOString(),
    phase,
    step,
    generation,
    outcome,
    reason,
    place: { seq, acknowledged: seq },
    checkpoints,
    rewinds,
    ...(plan !== undefined && { plan }),
    // What was returned stays returned.
    ...(!complete && trainerId !== undefined && { trainerId }),
    ...(!complete && deploymentId !== undefined && { deploymentId }),
  });
}
