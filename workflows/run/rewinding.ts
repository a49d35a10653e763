/** Rewinding: back to the last saved state, where what came after it is lost or cannot be known. */
import { ApplicationFailure } from '@temporalio/workflow';
import { judgeRewinds, withRewind } from '../../domain/decide/losses.ts';
import { record } from './recording.ts';
import type { Run } from './state.ts';

/**
 * Under the next generation: the same data in the same order, so the same weights. `bounded` rewinds count against
 * `recovery`; those that were asked for do not.
 */
export async function rewind(run: Run, cause: string, { bounded }: { bounded: boolean }): Promise<void> {
  const { input, state } = run;
  delete state.connection;
  const toStep = state.restore?.step ?? 0;
  // Nothing was trained since: there is nothing to go back from.
  if (state.step === toStep && !bounded && state.sinceSaveMs === 0) {
    state.generation += 1;
    return;
  }
  const seconds = state.sinceSaveMs / 1000;
  const cost = (seconds / 3600) * (state.plan?.costPerHour ?? 0);
  state.phase = 'rewind';
  state.generation += 1;
  state.sinceSaveMs = 0;
  const facts = { generation: state.generation, cause, fromStep: state.step, toStep, seconds, cost };
  state.step = toStep;
  if (bounded) state.losses = withRewind(state.losses, facts);
  await record(run, { rewind: facts });
  const refusal = judgeRewinds(input.spec.recovery, state.losses);
  if (bounded && refusal !== undefined) throw ApplicationFailure.nonRetryable(`${refusal}: ${cause}`, 'LostTrainer');
}
