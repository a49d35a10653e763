/**
 * A run, top to bottom: plan, provision, connect, take and judge a baseline, then train from checkpoint to checkpoint
 * until a verdict says stop; finish, and release whatever was rented, whatever happened.
 */
import { ApplicationFailure, CancellationScope, isCancellation, setHandler } from '@temporalio/workflow';
import { activities } from './activities.ts';
import { planSnapshot, snapshotConfirmed, snapshotRequested } from './chain.ts';
import type { Checkpoint, Connection, Evaluation, Plan, RunInput, RunReport, Target } from './contracts.ts';
import { failureType, rootMessage } from './failures.ts';
import { statusQuery, stopSignal } from './messages.ts';
import { checkpointName, evaluationId, finalCheckpointName, snapshotName } from './names.ts';
import { decide, judgeWindow } from './policy.ts';
import {
  bestReport,
  evaluations,
  lastCheckpoint,
  newState,
  noteCheckpoint,
  status,
  takeSeq,
  type LiveRun,
  type RunState,
} from './run-state.ts';
import { stepsToCheckpoint, windowSteps } from './windows.ts';

/** How often a checkpoint is synced and evaluated before the run gives up on it. */
const MAX_PROOFS = 3;

export async function run(input: RunInput): Promise<RunReport> {
  const state = newState(input);
  setHandler(statusQuery, () => status(state));
  setHandler(stopSignal, ({ reason }) => {
    state.stop ??= { reason, diverged: false };
  });

  try {
    const plan = await planRun(state);
    const target = await provision(state, plan);
    const connection = await connect(state, plan);
    const live: LiveRun = { state, plan, target, connection };

    await checkpointAndJudge(live);
    while (state.stop === undefined) {
      await trainToCheckpoint(live);
      await checkpointAndJudge(live);
    }
    await finish(live);
    state.outcome = 'finished';
  } catch (error) {
    state.outcome = isCancellation(error) ? 'cancelled' : 'failed';
    state.reason = isCancellation(error) ? 'cancelled' : rootMessage(error);
    throw error;
  } finally {
    await CancellationScope.nonCancellable(() => release(state));
  }
  return report(state);
}

/** Pins data, prompts and shape. Until this is done nothing costs anything. */
async function planRun(state: RunState): Promise<Plan> {
  const plan = await activities.plan(state.input);
  state.costPerHour = plan.costPerHour;
  await record(state, { plan });
  return plan;
}

async function provision(state: RunState, plan: Plan): Promise<Target> {
  const { runId, spec } = state.input;
  state.phase = 'provision';
  state.rentedSinceMs = Date.now();
  await record(state);
  await activities.createTrainer({ runId, plan, spec });
  const target = await activities.createDeployment({ runId, plan, spec });
  await Promise.all([activities.awaitTrainer({ runId }), activities.awaitDeployment({ runId, target })]);
  return target;
}

async function connect(state: RunState, plan: Plan): Promise<Connection> {
  const { runId, spec } = state.input;
  state.phase = 'connect';
  await record(state);
  const sessionId = await activities.openSession({ runId });
  return activities.createModel({ runId, sessionId, plan, spec });
}

/** Trains windows until the next checkpoint is due, or something says that the run must end. */
async function trainToCheckpoint(live: LiveRun): Promise<void> {
  const { state, plan, connection } = live;
  const { runId, spec } = state.input;
  const due = state.step + stepsToCheckpoint(pace(state));
  state.phase = 'train';
  while (state.step < due && state.stop === undefined) {
    const steps = windowSteps(pace(state));
    const result = await activities.trainWindow({
      runId,
      connection,
      plan,
      train: spec.train,
      generation: state.generation,
      fromStep: state.step + 1,
      steps,
      firstSeq: takeSeq(state, steps * (plan.chunksPerStep + 1)),
    });
    state.step = result.nonFiniteStep ?? state.step + steps;
    state.secondsPerStep = result.secondsPerStep;
    if (result.lossMean !== undefined) state.lossMean = result.lossMean;
    const verdict = judgeWindow({
      policy: spec.policy,
      budget: spec.budget,
      rentedHours: (Date.now() - (state.rentedSinceMs ?? Date.now())) / 3_600_000,
      costPerHour: plan.costPerHour,
      ...result,
    });
    if (verdict !== undefined) state.stop ??= { reason: verdict.reason, diverged: verdict.diverged };
  }
}

/** Saves, syncs, evaluates and judges the weights as they stand; at step 0 this is the baseline. */
async function checkpointAndJudge(live: LiveRun): Promise<void> {
  const { state } = live;
  const { spec } = state.input;
  if (state.stop?.diverged === true) return;
  const final = state.stop !== undefined || state.step >= spec.train.steps;
  const saved = await saveCheckpoint(live, { name: checkpointName(state.step, state.generation), final });
  const { checkpoint, evaluation } = await prove(live, saved);

  state.phase = 'decide';
  noteCheckpoint(state, checkpoint, { evaluation });
  const judged = decide({
    policy: spec.policy,
    evaluations: evaluations(state),
    step: state.step,
    steps: spec.train.steps,
  });
  const verdict = state.stop === undefined ? judged : { kind: 'stop' as const, reason: state.stop.reason };
  noteCheckpoint(state, checkpoint, { verdict });
  await record(state, { verdict: { ...verdict, checkpoint: checkpoint.name } });
  if (verdict.kind === 'stop') state.stop ??= { reason: verdict.reason, diverged: false };
}

/** Resumable state first: once it is saved, nothing that follows can lose the steps behind it. */
async function saveCheckpoint(live: LiveRun, { name, final }: { name: string; final: boolean }): Promise<Checkpoint> {
  const { state, connection } = live;
  state.phase = state.step === 0 ? 'baseline' : 'checkpoint';
  const statePath = await activities.saveState({ connection, name, seq: takeSeq(state) });
  const snapshot = await saveSnapshot(live, snapshotName(name, state.input.runHex), final);
  const checkpoint = { name, step: state.step, generation: state.generation, statePath, ...snapshot };
  noteCheckpoint(state, checkpoint);
  await record(state, { checkpoint });
  return checkpoint;
}

async function saveSnapshot(
  live: LiveRun,
  name: string,
  final: boolean,
): Promise<Pick<Checkpoint, 'identity' | 'snapshotType' | 'previousIdentity'>> {
  const { state, connection } = live;
  const { model, checkpoint } = state.input.spec;
  const rules = { lora: model.lora !== undefined, baseEvery: checkpoint.baseEvery, final };
  const { type, previousIdentity } = planSnapshot(state.chain, rules);
  state.chain = snapshotRequested(state.chain);
  const identity = await activities.saveSnapshot({ connection, name, type, seq: takeSeq(state) });
  return { identity, snapshotType: type, ...(previousIdentity === undefined ? {} : { previousIdentity }) };
}

/**
 * Syncs and evaluates until one identity stands behind every sample. Where a load failed or an evaluation was void, the
 * same weights are saved again as a base, which loads whatever the replicas hold.
 */
async function prove(live: LiveRun, saved: Checkpoint): Promise<{ checkpoint: Checkpoint; evaluation: Evaluation }> {
  let checkpoint = saved;
  let problem = '';
  for (let attempt = 1; attempt <= MAX_PROOFS; attempt++) {
    if (attempt > 1) checkpoint = await saveAgain(live, saved, attempt);
    try {
      await sync(live, checkpoint);
    } catch (error) {
      if (failureType(error) !== 'SyncFailed') throw error;
      problem = rootMessage(error);
      continue;
    }
    const outcome = await evaluate(live, checkpoint, attempt);
    if (outcome.kind === 'scored') return { checkpoint, evaluation: outcome.evaluation };
    problem = outcome.reason;
    live.state.chain = snapshotRequested(live.state.chain);
  }
  throw ApplicationFailure.nonRetryable(
    `checkpoint ${saved.name} could not be evaluated in ${MAX_PROOFS} attempts: ${problem}`,
    'SyncFailed',
  );
}

async function saveAgain(live: LiveRun, saved: Checkpoint, attempt: number): Promise<Checkpoint> {
  const name = snapshotName(`${saved.name}-r${attempt}`, live.state.input.runHex);
  const { previousIdentity: _, ...kept } = saved;
  const checkpoint = { ...kept, ...(await saveSnapshot(live, name, false)) };
  await record(live.state, { checkpoint });
  return checkpoint;
}

async function sync(live: LiveRun, checkpoint: Checkpoint): Promise<void> {
  const { state, target, connection } = live;
  const { identity, previousIdentity, snapshotType } = checkpoint;
  state.phase = 'sync';
  const result = await activities.syncSnapshot({
    connection,
    target,
    identity,
    ...(previousIdentity === undefined ? {} : { previousIdentity }),
  });
  state.chain = snapshotConfirmed(state.chain, identity, snapshotType);
  await record(state, { checkpoint, sync: result });
}

function evaluate(live: LiveRun, checkpoint: Checkpoint, attempt: number): ReturnType<typeof activities.evaluate> {
  const { state, target, connection, plan } = live;
  const { runId, spec } = state.input;
  state.phase = 'evaluate';
  return activities.evaluate({
    runId,
    evaluationId: evaluationId(runId, checkpoint.name, attempt),
    connection,
    target,
    checkpoint,
    plan,
    evaluate: spec.evaluate,
  });
}

/** The result of a run is a base snapshot, evaluated: deltas cannot be promoted. */
async function finish(live: LiveRun): Promise<void> {
  const { state } = live;
  state.reason = state.stop?.reason ?? '';
  if (state.stop?.diverged === true || lastCheckpoint(state)?.snapshotType === 'base') return;
  state.phase = 'finish';
  const name = finalCheckpointName(state.step, state.generation);
  const saved = await saveCheckpoint(live, { name, final: true });
  const { checkpoint, evaluation } = await prove(live, saved);
  const verdict = { kind: 'stop' as const, reason: 'the final base, evaluated' };
  noteCheckpoint(state, checkpoint, { evaluation, verdict });
  await record(state, { verdict: { ...verdict, checkpoint: name } });
}

/** Returns what was rented and keeps the platform's last word on it as proof. */
async function release(state: RunState): Promise<void> {
  const { runId, spec } = state.input;
  if (state.rentedSinceMs !== undefined) {
    state.phase = 'release';
    await record(state);
    const [trainerState, deploymentState] = await Promise.all([
      activities.releaseTrainer({ runId }),
      activities.releaseDeployment({ runId, onFinish: spec.deployment.onFinish }),
    ]);
    state.release = { trainerState, deploymentState };
  }
  state.phase = 'done';
  await record(state, { outcome: state.outcome, reason: state.reason, release: state.release });
}

function record(
  state: RunState,
  facts: Omit<Parameters<typeof activities.record>[0], 'runId' | 'phase' | 'step' | 'generation'> = {},
): Promise<void> {
  const { input, phase, step, generation } = state;
  return activities.record({ runId: input.runId, phase, step, generation, ...facts });
}

function pace(state: RunState): Parameters<typeof windowSteps>[0] {
  const { train, checkpoint } = state.input.spec;
  return {
    step: state.step,
    steps: train.steps,
    checkpointEvery: checkpoint.every,
    windowSteps: train.windowSteps,
    secondsPerStep: state.secondsPerStep,
  };
}

function report(state: RunState): RunReport {
  const best = bestReport(state);
  const last = state.checkpoints.at(-1);
  return {
    runId: state.input.runId,
    outcome: 'finished',
    reason: state.reason,
    steps: state.step,
    release: state.release,
    ...(best === undefined ? {} : { best }),
    ...(last === undefined ? {} : { last }),
  };
}
