/**
 * A sweep, top to bottom: its data is tokenized once; then trials are proposed, started and heard, in an order that does
 * not depend on who was slow (domain/decide/trial-order.ts), until nothing is left to try. Each trial is a run of its own,
 * which outlives this workflow and returns what it rented by itself. What was tried and decided is in the store; the next
 * proposal is a function of it. Told in docs/sweeps.md.
 */
import { CancellationScope, condition, ContinueAsNew, isCancellation } from '@temporalio/workflow';
import { nextEvent } from '../../domain/decide/trial-order.ts';
import type { SweepInput, SweepReport } from '../../domain/words/sweep-workflow.ts';
import { rootMessage } from '../failures.ts';
import { sweepActivities as activities } from './activities.ts';
import { watchBudget } from './budget.ts';
import { noteChanges } from './changing.ts';
import { hear, noteEnds } from './hearing.ts';
import { answerMessages } from './messages.ts';
import { continueAsNewIfLong } from './history.ts';
import { lookAfterSilent, letGoOfLate } from './silence.ts';
import { returnFree, sparedText } from './slots.ts';
import { hasWork, isDone, mayPropose, newSweepState, type Sweep, type SweepState } from './state.ts';
import { sweepReport } from './status.ts';
import { chooseWinner } from './winner.ts';
import { cancelTrials, proposeTrials, restTrials, startTrials, stopTrials } from './trials.ts';

/** How often a sweep looks around: for runs that are silent, for those that hold up others, at what is spent. */
const LOOK_MS = 60_000;

export async function sweep(input: SweepInput, carried?: SweepState): Promise<SweepReport> {
  const sweep: Sweep = { input, state: carried ?? newSweepState(input) };
  const { state } = sweep;
  answerMessages(sweep);
  try {
    await open(sweep);
    while (!isDone(state)) {
      await continueAsNewIfLong(sweep);
      await noteEnds(sweep);
      await noteChanges(sweep);
      await lookAround(sweep);
      await restTrials(sweep);
      await stopTrials(sweep);
      await proposeTrials(sweep);
      await startTrials(sweep);
      await returnFree(sweep, { all: !mayPropose(state) && state.waiting.length === 0 });
      const event = nextEvent(state.live);
      if (event !== undefined) {
        await hear(sweep, event);
        continue;
      }
      await condition(() => hasWork(state), Math.max(1, state.lookedMs + LOOK_MS - Date.now()));
    }
    await noteEnds(sweep);
    await noteSpared(sweep);
    await chooseWinner(sweep);
    state.outcome = 'finished';
    state.reason = state.stop ?? state.exhausted ?? 'every trial was tried';
  } catch (error) {
    if (error instanceof ContinueAsNew) throw error;
    await fail(sweep, error);
    throw error;
  }
  await activities.recordSweep(sweepReport(sweep));
  return sweepReport(sweep);
}

/** What reuse spared is told once everything is returned. */
async function noteSpared(sweep: Sweep): Promise<void> {
  const { input, state } = sweep;
  await returnFree(sweep, { all: true });
  const message = sparedText(state);
  if (message !== undefined) await activities.noteSweep({ sweepId: input.sweepId, key: 'spared', message });
}

async function open({ input, state }: Sweep): Promise<void> {
  if (state.opened) return;
  const { suite, goal, confirm } = await activities.openSweep(input);
  state.suite = suite;
  state.goal = goal;
  if (confirm !== undefined) state.confirm = confirm;
  state.opened = true;
}

/** By the clock, however much there is to hear. */
async function lookAround(sweep: Sweep): Promise<void> {
  const { state } = sweep;
  if (Date.now() < state.lookedMs + LOOK_MS) return;
  state.lookedMs = Date.now();
  await lookAfterSilent(sweep);
  await letGoOfLate(sweep);
  await watchBudget(sweep);
}

/** Its trials end with it: each of them returns what it rented, and is waited for. */
async function fail(sweep: Sweep, error: unknown): Promise<void> {
  const { state } = sweep;
  const cancelled = isCancellation(error) || CancellationScope.current().consideredCancelled;
  state.outcome = cancelled ? 'cancelled' : 'failed';
  state.reason = cancelled ? 'cancelled' : rootMessage(error);
  await CancellationScope.nonCancellable(async () => {
    await cancelTrials(sweep);
    await returnFree(sweep, { all: true });
    await noteEnds(sweep);
    await activities.recordSweep(sweepReport(sweep));
  });
}
