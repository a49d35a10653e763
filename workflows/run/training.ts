/** Training: windows of steps, from one checkpoint to the next. */
import { activities } from '../activities.ts';
import { spentOnLostWindow } from '../../domain/decide/losses.ts';
import { rulesFor } from '../../domain/decide/step-rules.ts';
import { trainedWith } from '../../domain/spec/live-settings.ts';
import { judgeWindow } from '../../domain/decide/window-verdict.ts';
import { stepsToCheckpoint, windowSteps } from '../../domain/decide/windows.ts';
import { applyAsked } from './changing.ts';
import { interruptNow, noteBudget, unlessInterrupted } from './attention.ts';
import { continueAsNewIfLong } from './history.ts';
import { takeSeq, used, type LiveRun } from './state.ts';

/** Trains windows until the next checkpoint is due, or something says that the run must end or pause. */
export async function trainToCheckpoint(live: LiveRun): Promise<void> {
  const { state } = live;
  const due = state.step + stepsToCheckpoint(pace(live));
  state.phase = 'train';
  while (state.step < due && state.stop === undefined && interruptNow(live) === undefined) {
    await continueAsNewIfLong(live);
    await applyAsked(live);
    await trainWindow(live);
  }
  noteBudget(live);
}

async function trainWindow(live: LiveRun): Promise<void> {
  const { input, state, plan, connection } = live;
  const { runId, spec } = input;
  const steps = windowSteps(pace(live));
  const { secondsPerStep } = state;
  const sinceMs = Date.now();
  const window = {
    runId,
    connection,
    plan,
    train: trainedWith(spec.train, state.changes ?? []),
    generation: state.generation,
    fromStep: state.step + 1,
    steps,
    firstSeq: takeSeq(state, steps * plan.requestsPerStep),
    ...rulesFor(spec.policy),
  };
  const expectedMs = secondsPerStep === undefined ? undefined : steps * secondsPerStep * 1000;
  try {
    const result = await unlessInterrupted(live, 'training', () => activities.trainWindow(window), { expectedMs });
    state.parks = 0;
    state.step = result.nonFiniteStep ?? state.step + steps;
    state.secondsPerStep = result.secondsPerStep;
    state.sinceSaveMs += steps * result.secondsPerStep * 1000;
    if (result.lossMean !== undefined) state.lossMean = result.lossMean;
    state.tokens = (state.tokens ?? 0) + result.tokens;
    const { policy, budget } = spec;
    const stop = judgeWindow({ policy, budget, used: used(state, Date.now()), result });
    if (stop !== undefined) state.stop ??= stop;
  } catch (error) {
    state.sinceSaveMs += spentOnLostWindow({ sinceMs: Date.now() - sinceMs, steps, secondsPerStep });
    throw error;
  }
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
