/**
 * A run, top to bottom: plan; go live; train from checkpoint to checkpoint, proving and judging each; finish; and return
 * whatever was rented, whatever happened. Where an outcome cannot be known the run rewinds rather than guesses. Where it
 * stands at each moment, and what it can be asked for there, is the table of domain/decide/interrupts.ts; what becomes of
 * it when something fails, that of domain/decide/endings.ts. Both are told in docs/run.md.
 */
import { ContinueAsNew, setHandler } from '@temporalio/workflow';
import { activities } from '../activities.ts';
import type { SetRequest } from '../../domain/words/live-changes.ts';
import type { Plan } from '../../domain/words/plan.ts';
import type { RunInput, RunReport } from '../../domain/words/run.ts';
import { reserveFirst, whileReserving } from './account.ts';
import { GivenUp, interruptNow, unlessInterrupted } from './attention.ts';
import { checkpointDue, saveCheckpoint, unproved, verdictDue } from './checkpoints.ts';
import { startBranches } from './coordination.ts';
import { end, noteFailure, noteFinish } from './ending.ts';
import { conclude, proveOrFail } from './finishing.ts';
import { continueAsNewIfLong } from './history.ts';
import { answerSet, changeBudget, refuseSet } from './changing.ts';
import { judge, judgeLast, proveBeside, suitesDue } from './judging.ts';
import { goLive } from './machines.ts';
import {
  budgetSignal,
  pauseSignal,
  proofEndedSignal,
  resumeSignal,
  setUpdate,
  statusQuery,
  stopSignal,
  trialWordSignal,
} from './messages.ts';
import { hearProof } from './proofs.ts';
import { record } from './recording.ts';
import { recover } from './recovering.ts';
import { referenceBeside, referenceFirst } from './reference.ts';
import { pause, restIfAsked } from './resting.ts';
import { newState, type LiveRun, type Run, type RunState } from './state.ts';
import { report, status } from './status.ts';
import { trainToCheckpoint } from './training.ts';
import { hearSweep } from './trial.ts';

export async function run(input: RunInput, carried?: RunState): Promise<RunReport> {
  const run: Run = { input, state: carried ?? newState(input) };
  const { state } = run;
  answerMessages(run);
  try {
    while (!state.complete) {
      if (!(await restIfAsked(run))) break;
      const plan = await planned(run);
      if (plan === undefined || !(await reserveFirst(run, plan))) continue;
      try {
        await whileReserving(run, plan, async () => live(run, plan));
      } catch (error) {
        await recover(run, error);
      }
    }
    noteFinish(run);
  } catch (error) {
    if (error instanceof ContinueAsNew) throw error;
    const failure = noteFailure(run, error);
    await end(run);
    throw failure;
  }
  await end(run);
  await startBranches(run);
  return report(run);
}

/** With machines, until it ends, rests, or something comes first. */
async function live(run: Run, plan: Plan): Promise<void> {
  const ready = await referenceFirst(run, plan);
  if (ready === undefined) return;
  const connected = await goLive(run, ready);
  if (connected === undefined) return;
  const going = await referenceBeside(connected);
  await trainAndJudge(going);
  await (run.state.stop === undefined ? pause(going) : conclude(going));
}

function answerMessages(run: Run): void {
  const { state } = run;
  setHandler(statusQuery, () => status(run, Date.now()));
  setHandler(stopSignal, ({ reason }) => {
    state.stop ??= { reason, diverged: false, requested: true };
  });
  setHandler(pauseSignal, () => {
    // A run that ends anyway has nothing to pause for.
    if (state.standing !== 'finishing' && state.standing !== 'ended') state.pauseRequested = true;
  });
  setHandler(resumeSignal, () => {
    state.pauseRequested = false;
  });
  setHandler(budgetSignal, (change) => changeBudget(run, change));
  setHandler(setUpdate, (asked) => answerSet(run, asked), { validator: (asked: SetRequest) => refuseSet(run, asked) });
  setHandler(proofEndedSignal, (ended) => hearProof(run, ended));
  setHandler(trialWordSignal, (word) => hearSweep(run, word));
}

/** Pins data, prompts and shape. Until this is done nothing costs anything. Undefined: something came first. */
async function planned(run: Run): Promise<Plan | undefined> {
  const { input, state } = run;
  if (state.plan !== undefined) return state.plan;
  state.standing = 'planned';
  try {
    state.plan = await unlessInterrupted(run, 'planning', () => activities.plan(input), { withoutGrace: true });
  } catch (error) {
    if (error instanceof GivenUp) return undefined;
    throw error;
  }
  // Epochs are steps once the data is known; from here on, and when the run continues as new, the spec says how many.
  input.spec.train.steps = state.plan.steps ?? input.spec.train.steps;
  await record(run, { plan: state.plan, ...(input.parent !== undefined && { parent: input.parent }) });
  return state.plan;
}

/**
 * From checkpoint to checkpoint until something says stop, or pause. A checkpoint is proved while the next steps train;
 * its verdict takes effect when the next one is due, never earlier or later, so that no outcome depends on timing.
 */
async function trainAndJudge(live: LiveRun): Promise<void> {
  const { input, state } = live;
  const { train, evaluate } = input.spec;
  while (state.stop === undefined && interruptNow(live) === undefined) {
    await continueAsNewIfLong(live);
    if (state.proof !== undefined || !checkpointDue(live)) {
      if (!verdictDue(live)) await trainToCheckpoint(live);
      await judgeLast(live);
      continue;
    }
    const final = state.step >= train.steps;
    const blocking = final || evaluate.mode === 'blocking' || unproved(state);
    const saved = await saveCheckpoint(live, { final });
    if (!blocking) {
      await proveBeside(live, saved);
      continue;
    }
    const { checkpoint, proved } = await proveOrFail(live, saved, suitesDue(live, saved, final));
    await judge(live, checkpoint, proved);
  }
  await judgeLast(live);
}
