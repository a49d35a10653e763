/** Trials as runs: proposing, starting, pausing, and ending them. */
import { condition, getExternalWorkflowHandle, isCancellation, startChild } from '@temporalio/workflow';
import { RUN_TASK_TIMEOUT, RUN_WORKFLOW_TYPE } from '../../domain/words/names.ts';
import type { RunWorkflow } from '../../domain/words/run.ts';
import { pauseSignal, resumeSignal, stopSignal } from '../run/messages.ts';
import { sweepActivities as activities } from './activities.ts';
import { asChanged } from './changing.ts';
import { takeOrder } from './hearing.ts';
import { inSlot, returnFree } from './slots.ts';
import { lookAfterSilent } from './silence.ts';
import { mayPropose, type Sweep } from './state.ts';

const LOOK = '1m';

/** As many as there is room for; what each is rests on nothing but what was decided before it. */
export async function proposeTrials(sweep: Sweep): Promise<void> {
  const { state } = sweep;
  // Of a space that is about to be another, nothing more is proposed.
  const isOther = (): boolean => state.changes.some(({ parameters }) => parameters !== undefined);
  while (mayPropose(state) && !isOther() && !state.pauseRequested && state.live.length < state.concurrency) {
    const number = state.proposed;
    const proposed = await activities.proposeTrial({
      sweep: asChanged(sweep),
      number,
      order: takeOrder(state),
      suite: state.suite,
    });
    if ('exhausted' in proposed) {
      state.exhausted = proposed.exhausted;
      return;
    }
    const { trial } = proposed;
    const { workPerStep, every, steps, run } = trial;
    state.proposed += 1;
    state.waiting.push({ ...trial, number });
    state.live.push({
      number,
      runId: run.runId,
      beganAt: state.clock,
      workPerStep,
      every,
      steps,
      heardStep: -1,
      told: [],
    });
  }
}

/** No more at a time than there may be, counting those that have had their last word and still return what they rented. */
export async function startTrials({ input, state }: Sweep): Promise<void> {
  while (state.running.length < state.concurrency && !state.pauseRequested) {
    const next = state.waiting.shift();
    if (next === undefined) return;
    const { number } = next;
    const run = await inSlot({ input, state }, number, next.run);
    state.running.push({ number, runId: run.runId, heardMs: Date.now() });
    try {
      await startChild<RunWorkflow>(RUN_WORKFLOW_TYPE, {
        workflowId: run.runId,
        workflowIdReusePolicy: 'REJECT_DUPLICATE',
        workflowTaskTimeout: RUN_TASK_TIMEOUT,
        parentClosePolicy: 'ABANDON',
        args: [run],
      });
    } catch (error) {
      // Of a sweep that was reset to an earlier moment: the run of the first time stands.
      if (!(error instanceof Error && error.name === 'WorkflowExecutionAlreadyStartedError')) throw error;
    }
  }
}

/** Where it is paused, its runs rest without machines, and nothing is begun. */
export async function restTrials({ input, state }: Sweep): Promise<void> {
  if (!state.pauseRequested || state.stop !== undefined) return;
  const { sweepId } = input;
  state.pauses += 1;
  const key = `pause/${state.pauses}`;
  for (const { runId } of state.running) await tell(runId, 'pause');
  await returnFree({ input, state }, { all: true });
  state.outcome = 'paused';
  await activities.noteSweep({ sweepId, key, message: 'paused: its runs return their machines, and none is begun' });
  await condition(() => !state.pauseRequested || state.stop !== undefined);
  state.outcome = 'running';
  state.pauseRequested = false;
  // Those that end rest until they are told to.
  if (state.stop !== undefined) return;
  await activities.noteSweep({ sweepId, key: `${key}/over`, message: 'it goes on' });
  for (const { runId } of state.running) await tell(runId, 'resume');
}

/** Those that were not begun are dropped; the others come to their ends in good order. */
export async function stopTrials({ input: { sweepId }, state }: Sweep): Promise<void> {
  const { stop } = state;
  if (stop === undefined || state.outcome === 'stopping') return;
  state.outcome = 'stopping';
  for (const { number } of state.waiting) {
    state.live = state.live.filter((trial) => trial.number !== number);
    await activities.endTrial({ sweepId, number, order: takeOrder(state), state: 'cancelled', reason: stop });
  }
  state.waiting = [];
  for (const { runId } of state.running) await tell(runId, 'stop', `the sweep ends: ${stop}`);
}

/** Ends every run at once, and waits until each has returned what it rented. */
export async function cancelTrials(sweep: Sweep): Promise<void> {
  const { input, state } = sweep;
  const { sweepId } = input;
  for (const { runId } of state.running) await tell(runId, 'cancel');
  for (const { number } of state.live) {
    const order = takeOrder(state);
    await activities.endTrial({ sweepId, number, order, state: 'cancelled', reason: state.reason });
  }
  state.live = [];
  while (state.running.length > 0) {
    if (!(await condition(() => state.running.length === 0, LOOK))) await lookAfterSilent(sweep);
  }
}

/** A run that is over by now has nothing to be told. */
async function tell(runId: string, what: 'pause' | 'resume' | 'stop' | 'cancel', reason = ''): Promise<void> {
  const handle = getExternalWorkflowHandle(runId);
  try {
    if (what === 'cancel') await handle.cancel();
    else if (what === 'stop') await handle.signal(stopSignal, { reason });
    else await handle.signal(what === 'pause' ? pauseSignal : resumeSignal);
  } catch (error) {
    if (isCancellation(error)) throw error;
  }
}
