/**
 * A run, top to bottom: plan; go live; train from checkpoint to checkpoint, proving and judging each; finish; and return
 * whatever was rented, whatever happened. Where an outcome cannot be known the run rewinds rather than guesses.
 */
import {
  ApplicationFailure,
  CancellationScope,
  CancelledFailure,
  condition,
  continueAsNew,
  ContinueAsNew,
  isCancellation,
  setHandler,
  workflowInfo,
} from '@temporalio/workflow';
import { activities } from '../activities.ts';
import { unspent } from '../../domain/decide/budget.ts';
import {
  checkpointDue,
  finish,
  judge,
  judgeLast,
  proveOrFail,
  saveCheckpoint,
  savePauseState,
  startProof,
  unproved,
  type RunningProof,
} from './checkpoints.ts';
import type { Plan } from '../../domain/words/plan.ts';
import type { RunInput, RunReport } from '../../domain/words/run.ts';
import { startBranches } from './coordination.ts';
import { failureType, rootMessage } from '../failures.ts';
import { goLive, handBack, revive } from './machines.ts';
import { pauseSignal, resumeSignal, statusQuery, stopSignal } from './messages.ts';
import { requestPromotion } from './promotion-request.ts';
import { record } from './recording.ts';
import { newState, rentedHours, report, status, takeSeq, used, type LiveRun, type RunState } from './run-state.ts';
import { rulesFor } from '../../domain/decide/step-rules.ts';
import { judgeRewinds, judgeWindow } from '../../domain/decide/window-verdict.ts';
import { stepsToCheckpoint, windowSteps } from '../../domain/decide/windows.ts';

/** A longer history would take seconds to replay on another worker. */
const MAX_HISTORY_EVENTS = 2000;

export async function run(input: RunInput, carried?: RunState): Promise<RunReport> {
  const state = carried ?? newState(input);
  answerMessages(input, state);
  try {
    const plan = await planRun(input, state);
    while (!state.complete) {
      try {
        const live = await goLive(input, state, plan);
        await trainAndJudge(live);
        if (state.stop === undefined) await pause(live);
        else await conclude(live);
      } catch (error) {
        if (failureType(error) !== 'LostTrainer') throw error;
        await rewind(input, state, rootMessage(error));
      }
    }
    state.outcome = 'finished';
    state.reason = withUnspent(input, state);
  } catch (error) {
    if (error instanceof ContinueAsNew) throw error;
    const failure = noteFailure(state, error);
    await CancellationScope.nonCancellable(() => release(input, state));
    throw failure;
  }
  await CancellationScope.nonCancellable(() => release(input, state));
  await startBranches(input, state);
  await CancellationScope.nonCancellable(() => requestPromotion(input, state));
  return report(input, state);
}

function answerMessages(input: RunInput, state: RunState): void {
  setHandler(statusQuery, () => status(input, state));
  setHandler(stopSignal, ({ reason }) => {
    state.stop ??= { reason, diverged: false, requested: true };
  });
  setHandler(pauseSignal, () => {
    state.pauseRequested = true;
  });
  setHandler(resumeSignal, () => {
    state.pauseRequested = false;
  });
}

/** Pins data, prompts and shape. Until this is done nothing costs anything. */
async function planRun(input: RunInput, state: RunState): Promise<Plan> {
  if (state.plan !== undefined) return state.plan;
  state.plan = await activities.plan(input);
  // Epochs are steps once the data is known; from here on, and when the run continues as new, the spec says how many.
  input.spec.train.steps = state.plan.steps ?? input.spec.train.steps;
  await record(input, state, { plan: state.plan, ...(input.parent !== undefined && { parent: input.parent }) });
  return state.plan;
}

/**
 * From checkpoint to checkpoint until something says stop, or pause. A checkpoint is proved while the next steps train;
 * its verdict takes effect when the next one is due, never earlier or later, so that no outcome depends on timing.
 */
async function trainAndJudge(live: LiveRun): Promise<void> {
  const { input, state } = live;
  const { train, evaluate } = input.spec;
  while (state.stop === undefined && !state.pauseRequested) {
    await continueAsNewIfLong(live);
    if (!checkpointDue(live)) {
      await trainToCheckpoint(live);
      await judgeLast(live);
      continue;
    }
    const final = state.step >= train.steps;
    const blocking = final || evaluate.mode === 'blocking' || unproved(state);
    const checkpoint = await saveCheckpoint(live, { final });
    if (blocking) await judge(live, await proveOrFail(live, checkpoint));
    else await trainBeside(live, startProof(live, checkpoint));
  }
}

/** Trains while a proof runs. A lost trainer does not make the evidence worthless: it is judged all the same. */
async function trainBeside(live: LiveRun, proof: RunningProof): Promise<void> {
  try {
    await trainToCheckpoint(live);
  } catch (error) {
    if (failureType(error) !== 'LostTrainer') {
      proof.cancel();
      await proof.settled().catch(() => undefined);
      throw error;
    }
    await proof.settled();
    await judgeLast(live);
    throw error;
  }
  await proof.settled();
  await judgeLast(live);
}

/** Only while nothing runs beside: everything that matters is in the state. */
async function continueAsNewIfLong({ input, state }: LiveRun): Promise<void> {
  if (workflowInfo().historyLength < MAX_HISTORY_EVENTS || state.proving !== undefined) return;
  await continueAsNew<typeof run>(input, state);
}

/** Trains windows until the next checkpoint is due, or something says that the run must end or pause. */
async function trainToCheckpoint(live: LiveRun): Promise<void> {
  const { input, state, plan, connection } = live;
  const { runId, spec } = input;
  const due = state.step + stepsToCheckpoint(pace(live));
  state.phase = 'train';
  while (state.step < due && state.stop === undefined && !state.pauseRequested) {
    await continueAsNewIfLong(live);
    const steps = windowSteps(pace(live));
    const result = await activities.trainWindow({
      runId,
      connection,
      plan,
      train: spec.train,
      generation: state.generation,
      fromStep: state.step + 1,
      steps,
      firstSeq: takeSeq(state, steps * plan.requestsPerStep),
      ...rulesFor(spec.policy),
    });
    state.step = result.nonFiniteStep ?? state.step + steps;
    state.secondsPerStep = result.secondsPerStep;
    if (result.lossMean !== undefined) state.lossMean = result.lossMean;
    state.tokens = (state.tokens ?? 0) + result.tokens;
    const { policy, budget } = spec;
    const stop = judgeWindow({ policy, budget, used: used(state, Date.now()), result });
    if (stop !== undefined) state.stop ??= stop;
  }
}

/** What was left of a budget is said with the reason of the end. */
function withUnspent({ spec }: RunInput, state: RunState): string {
  const left = unspent(spec.budget, used(state, Date.now()));
  return left === undefined ? state.reason : `${state.reason}; left unspent: ${left}`;
}

async function conclude(live: LiveRun): Promise<void> {
  await finish(live);
  live.state.complete = true;
}

/** Keeps the run and returns the machines, until somebody resumes or stops it. */
async function pause(live: LiveRun): Promise<void> {
  const { input, state } = live;
  state.phase = 'pause';
  await savePauseState(live);
  await handBack(input, state, 'delete');
  state.rentedBeforeMs = rentedHours(state, Date.now()) * 3_600_000;
  delete state.rentedSinceMs;
  state.phase = 'paused';
  await record(input, state);
  await condition(() => !state.pauseRequested || state.stop !== undefined);
  if (state.stop === undefined) return;
  // Nothing is rented again just to end: what was evaluated last is the result.
  state.reason = state.stop.reason;
  state.complete = true;
}

/** Back to the last saved state, under the next generation: the same data in the same order, so the same weights. */
async function rewind(input: RunInput, state: RunState, cause: string): Promise<void> {
  const { spec } = input;
  const nowMs = Date.now();
  const seconds = (nowMs - (state.restore?.savedAtMs ?? state.rentedSinceMs ?? nowMs)) / 1000;
  const cost = (seconds / 3600) * (state.plan?.costPerHour ?? 0);
  state.phase = 'rewind';
  state.generation += 1;
  const toStep = state.restore?.step ?? 0;
  const facts = { generation: state.generation, cause, fromStep: state.step, toStep, seconds, cost };
  state.step = toStep;
  state.rewinds.push(facts);
  await record(input, state, { rewind: facts });
  const refusal = judgeRewinds(spec.recovery, state.rewinds);
  if (refusal !== undefined) throw ApplicationFailure.nonRetryable(`${refusal}: ${cause}`, 'LostTrainer');
  await revive(input, state);
}

/** How the run ends, and what it is to end with. */
function noteFailure(state: RunState, error: unknown): unknown {
  // A call that was to be cancelled may have failed instead, with its worker.
  const cancelled = isCancellation(error) || CancellationScope.current().consideredCancelled;
  state.outcome = cancelled ? 'cancelled' : 'failed';
  state.reason = cancelled ? 'cancelled' : rootMessage(error);
  return cancelled && !isCancellation(error) ? new CancelledFailure('cancelled') : error;
}

/** Returns what was rented, and writes down how it all ended. */
async function release(input: RunInput, state: RunState): Promise<void> {
  if (state.trainerId !== undefined) {
    state.phase = 'release';
    await record(input, state);
    await handBack(input, state);
  }
  state.phase = 'done';
  await record(input, state, { outcome: state.outcome, reason: state.reason, release: state.release });
}

function pace({ input, state }: LiveRun): Parameters<typeof windowSteps>[0] {
  const { train, checkpoint } = input.spec;
  const { step, secondsPerStep } = state;
  return {
    step,
    steps: train.steps,
    checkpointEvery: checkpoint.every,
    windowSteps: train.windowSteps,
    secondsPerStep,
  };
}
