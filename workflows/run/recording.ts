/** One way to write facts down: where the run is goes with every one of them. */
import { activities } from '../activities.ts';
import type { RunInput, RunRecord } from '../../domain/words/run.ts';
import type { RunState } from './run-state.ts';

export function record(
  { runId }: RunInput,
  { phase, step, generation }: RunState,
  facts: Omit<RunRecord, 'runId' | 'phase' | 'step' | 'generation'> = {},
): Promise<void> {
  return activities.record({ runId, phase, step, generation, ...facts });
}
