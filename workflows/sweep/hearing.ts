/** Taking what a trial tells into the sweep's order: recording it, judging it, and telling the trial what comes of it. */
import { getExternalWorkflowHandle, isCancellation } from '@temporalio/workflow';
import type { TrialEvent } from '../../domain/decide/trial-order.ts';
import type { ToldScore, TrialEnded, TrialWord } from '../../domain/words/sweep-workflow.ts';
import type { TrialState } from '../../domain/words/sweep.ts';
import { trialWordSignal } from '../run/messages.ts';
import { sweepActivities as activities } from './activities.ts';
import type { Sweep, SweepState } from './state.ts';

export async function hear(sweep: Sweep, event: TrialEvent): Promise<void> {
  const { state } = sweep;
  // What a trial tells late, after others went on without it, comes when it comes.
  state.clock = Math.max(state.clock, event.at);
  await (event.kind === 'checkpoint' ? hearCheckpoint(sweep, event) : hearSilence(sweep, event));
}

async function hearCheckpoint(
  { input, state }: Sweep,
  { trial: { number, runId }, told }: Extract<TrialEvent, { kind: 'checkpoint' }>,
): Promise<void> {
  const { step, score, last } = told;
  let stop: string | undefined;
  if (score !== undefined) {
    const order = takeOrder(state);
    const verdict = await activities.judgeTrial({ sweep: input, number, order, score, last });
    if (verdict?.stop === true && !last) stop = verdict.reason;
    noteBest({ input, state }, { number, runId, score });
  } else if (last) {
    const reason = `its last checkpoint, at step ${step}, has no score`;
    const order = takeOrder(state);
    await activities.endTrial({ sweepId: input.sweepId, number, order, state: 'finished', reason });
  }
  if (last || stop !== undefined) leave(state, number);
  else {
    state.live = state.live.map((trial) =>
      trial.number === number ? { ...trial, heardStep: step, told: trial.told.slice(1) } : trial,
    );
  }
  if (last || input.spec.stopEarly === undefined) return;
  await tell(runId, { step, ...(stop !== undefined && { stop }) });
}

/** A trial that ended before its last score: it failed, was ended by a person, or nobody knows. */
async function hearSilence(
  { input: { sweepId }, state }: Sweep,
  { trial: { number }, ended }: Extract<TrialEvent, { kind: 'end' }>,
): Promise<void> {
  leave(state, number);
  const { reason } = ended;
  await activities.endTrial({ sweepId, number, order: takeOrder(state), state: stateOf(ended), reason });
}

function stateOf({ outcome }: TrialEnded): TrialState {
  if (outcome === 'finished') return 'finished';
  return outcome === 'cancelled' ? 'cancelled' : 'failed';
}

function leave(state: SweepState, number: number): void {
  state.live = state.live.filter((trial) => trial.number !== number);
}

export function takeOrder(state: SweepState): number {
  state.order += 1;
  return state.order;
}

/** Once a trial scores as well as was asked for, no further one is begun. */
function noteBest(
  { input, state }: Sweep,
  { number, runId, score }: { number: number; runId: string; score: ToldScore },
): void {
  const { best, goal } = state;
  const { target } = input.spec.metric;
  const sign = goal === 'maximize' ? 1 : -1;
  if (target !== undefined && sign * score.score >= sign * target) {
    state.exhausted ??= `trial ${number} reached the target of ${target} with ${score.score} at step ${score.step}`;
  }
  if (best !== undefined && sign * score.score <= sign * best.score) return;
  state.best = { number, runId, checkpoint: score.checkpoint, step: score.step, score: score.score };
}

/** Runs that are over by now: how they ended is told with their trials. */
export async function noteEnds({ input: { sweepId }, state }: Sweep): Promise<void> {
  for (let ended = state.ended[0]; ended !== undefined; [ended] = state.ended) {
    await activities.noteTrialEnd({ sweepId, ...ended });
    state.ended = state.ended.slice(1);
  }
}

/** A run that is over by now needs no word. */
async function tell(runId: string, word: TrialWord): Promise<void> {
  try {
    await getExternalWorkflowHandle(runId).signal(trialWordSignal, word);
  } catch (error) {
    if (isCancellation(error)) throw error;
  }
}
