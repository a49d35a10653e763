/** Checkpoints: saving them, proving what they are worth, and judging what to do about it. */
import { ApplicationFailure, CancellationScope } from '@temporalio/workflow';
import { activities } from '../activities.ts';
import { planSnapshot, snapshotConfirmed, snapshotRequested } from '../../domain/decide/chain.ts';
import type { Checkpoint } from '../../domain/words/checkpoint.ts';
import type { Verdict } from '../../domain/words/run.ts';
import { tellCoordinator } from './coordination.ts';
import type { Scores } from '../../domain/words/evaluation.ts';
import { evaluateAll, evaluateFurther } from './evaluations.ts';
import { failureType, rootMessage } from '../failures.ts';
import {
  checkpointName,
  finalCheckpointName,
  pauseName,
  snapshotName,
  stateReference,
} from '../../domain/words/names.ts';
import { courseOf } from '../../domain/decide/course.ts';
import { judgedEvaluations } from '../../domain/decide/policy-scores.ts';
import { decideOn } from '../../domain/decide/policy.ts';
import type { Judgement } from '../../domain/decide/policy-rules.ts';
import { record } from './recording.ts';
import {
  lastEvaluated,
  lastReport,
  noteCheckpoint,
  takeSeq,
  type LiveRun,
  type Proof,
  type RunState,
  type Stop,
} from './run-state.ts';

/** How often a checkpoint is synced and evaluated before the run gives up on it. */
const MAX_PROOFS = 3;

/** A checkpoint is due before the first step, at every multiple, at the end, and where the last one here was never evaluated. */
export function checkpointDue({ input, state }: LiveRun): boolean {
  const last = lastReport(state);
  if (last === undefined) return true;
  if (last.checkpoint.step === state.step) return last.evaluation === undefined;
  const { train, checkpoint } = input.spec;
  return state.step % checkpoint.every === 0 || state.step >= train.steps;
}

/** Resumable state first: once it is saved, nothing that follows can lose the steps behind it. */
export async function saveCheckpoint(live: LiveRun, options: { final: boolean; name?: string }): Promise<Checkpoint> {
  const { input, state } = live;
  state.phase = state.step === (input.parent?.step ?? 0) ? 'baseline' : 'checkpoint';
  const last = lastReport(state);
  const saved = last?.checkpoint.step === state.step && last.evaluation === undefined ? last.checkpoint : undefined;
  const checkpoint =
    saved === undefined
      ? await saveAnew(live, options)
      : await saveAgain(live, saved, `g${state.generation}`, options.final);
  noteCheckpoint(state, checkpoint);
  await record(input, state, { checkpoint });
  return checkpoint;
}

async function saveAnew(live: LiveRun, { final, name }: { final: boolean; name?: string }): Promise<Checkpoint> {
  const { input, state } = live;
  const { step, generation } = state;
  const wanted = name ?? checkpointName(step, generation);
  const statePath = await saveState(live, wanted);
  const snapshot = await saveSnapshot(live, snapshotName(wanted, input.runHex), final);
  return { name: wanted, step, generation, statePath, ...snapshot, trainerId: live.connection.trainerId };
}

/** The same weights under a new snapshot name. */
async function saveAgain(live: LiveRun, saved: Checkpoint, mark: string, final: boolean): Promise<Checkpoint> {
  const { previousIdentity: _, ...kept } = saved;
  const { trainerId } = live.connection;
  const name = snapshotName(`${saved.name}-${mark}`, live.input.runHex);
  const snapshot = await saveSnapshot(live, name, final);
  const stateTrainerId = saved.stateTrainerId ?? saved.trainerId;
  return { ...kept, ...snapshot, trainerId, ...(stateTrainerId !== undefined && { stateTrainerId }) };
}

async function saveState(live: LiveRun, name: string): Promise<string> {
  const { state, connection } = live;
  const path = await activities.saveState({ connection, name, seq: takeSeq(state) });
  state.restore = { trainerId: connection.trainerId, path, step: state.step, savedAtMs: Date.now() };
  return path;
}

async function saveSnapshot(
  live: LiveRun,
  name: string,
  final: boolean,
): Promise<Pick<Checkpoint, 'identity' | 'snapshotType' | 'previousIdentity'>> {
  const { input, state, connection } = live;
  const { model, checkpoint } = input.spec;
  const rules = { lora: model.lora !== undefined, baseEvery: checkpoint.baseEvery, final };
  const { type, previousIdentity } = planSnapshot(state.chain, rules);
  state.chain = snapshotRequested(state.chain);
  const identity = await activities.saveSnapshot({ connection, name, type, seq: takeSeq(state) });
  return { identity, snapshotType: type, ...(previousIdentity === undefined ? {} : { previousIdentity }) };
}

/** Saves what a paused run goes on from, unless the last checkpoint is just that. */
export async function savePauseState(live: LiveRun): Promise<void> {
  const { state } = live;
  if (state.restore?.step !== state.step) await saveState(live, pauseName(state.step, state.generation));
}

/**
 * Syncs and evaluates until one identity stands behind every sample. `beside` training the weights have moved on: what
 * is saved already is all there is to prove. `final`: no other checkpoint is to follow.
 */
async function prove(
  live: LiveRun,
  saved: Checkpoint,
  { beside, final = false }: { beside: boolean; final?: boolean },
): Promise<Proof> {
  const { state } = live;
  let checkpoint = saved;
  let reason = '';
  for (let attempt = 1; attempt <= MAX_PROOFS; attempt++) {
    // The same weights again, as a base: it loads whatever the replicas hold.
    if (attempt > 1 && !beside) checkpoint = await saveAgain(live, saved, `g${state.generation}-r${attempt}`, false);
    try {
      await sync(live, checkpoint);
    } catch (error) {
      if (failureType(error) !== 'SyncFailed') throw error;
      reason = rootMessage(error);
      // Nobody knows what a failed load left behind, and a delta fits one identity only.
      if (beside && checkpoint.snapshotType === 'delta') break;
      continue;
    }
    const outcome = await evaluateAll(live, checkpoint, { attempt, final });
    if (outcome.kind === 'scored') return { ...outcome, kind: 'proved', checkpoint };
    reason = outcome.reason;
    state.chain = snapshotRequested(state.chain);
  }
  return { kind: 'unproved', checkpoint, reason };
}

/** A proof that runs while training goes on. */
export interface RunningProof {
  /** Resolves once the proof is part of the state; fails as the proof failed. Await it before the next save. */
  settled(): Promise<void>;
  cancel(): void;
}

export function startProof(live: LiveRun, checkpoint: Checkpoint): RunningProof {
  const { state } = live;
  const scope = new CancellationScope();
  state.proving = checkpoint.name;
  // A failure is kept until somebody asks: a rejection that nobody awaits yet would fail the whole workflow task.
  const ended = scope
    .run(() => prove(live, checkpoint, { beside: true }))
    .then(
      (proof) => {
        state.proof = proof;
        return undefined;
      },
      (error: unknown) => ({ error }),
    )
    .finally(() => {
      delete state.proving;
    });
  return {
    async settled() {
      const failure = await ended;
      if (failure !== undefined) throw failure.error;
    },
    cancel: () => scope.cancel(),
  };
}

async function sync(live: LiveRun, checkpoint: Checkpoint): Promise<void> {
  const { input, state, target, connection } = live;
  const { identity, previousIdentity, snapshotType } = checkpoint;
  if (state.proving === undefined) state.phase = 'sync';
  const previous = previousIdentity === undefined ? {} : { previousIdentity };
  const result = await activities.syncSnapshot({ connection, target, identity, ...previous });
  state.chain = snapshotConfirmed(state.chain, identity, snapshotType);
  await record(input, state, { checkpoint, sync: result });
}

/** The verdict on a checkpoint: what its evaluation says by the policy, unless it was told already. */
export async function judge(live: LiveRun, proof: Proof, told?: Verdict): Promise<void> {
  const { input, state } = live;
  const { checkpoint } = proof;
  state.phase = 'decide';
  if (proof.kind === 'proved') noteCheckpoint(state, checkpoint, scoresOf(proof));
  const judgement = told ?? decideProof(live, proof);
  const verdict: Verdict = { kind: judgement.kind, reason: judgement.reason };
  noteCheckpoint(state, checkpoint, { verdict });
  await record(input, state, { verdict: { ...verdict, checkpoint: checkpoint.name } });
  if (proof.kind === 'proved') await tellCoordinator(input, state, checkpoint);
  if (verdict.kind === 'stop' || verdict.kind === 'branch') state.stop ??= stopOf(judgement, checkpoint);
}

function decideProof({ input: { spec }, state }: LiveRun, proof: Proof): Judgement {
  if (proof.kind === 'unproved') return { kind: 'inconclusive', reason: `not evaluated: ${proof.reason}` };
  const { policy, train } = spec;
  const course = courseOf(policy, judgedEvaluations(policy, state.checkpoints));
  return decideOn({ policy, course, checkpoint: proof.checkpoint, steps: train.steps });
}

function stopOf({ kind, reason, diverged, keep }: Judgement, judged: Checkpoint): Stop {
  const stop = { reason, diverged: diverged === true, keep: keep ?? judged.name };
  return kind === 'branch' ? { ...stop, branch: true } : stop;
}

/** The verdict that is due on the last checkpoint, if there is one. */
export async function judgeLast(live: LiveRun): Promise<void> {
  const { proof } = live.state;
  if (proof === undefined) return;
  delete live.state.proof;
  await judge(live, proof);
}

/** Whether the newest checkpoint is without a score: the next one is then proved before training goes on. */
export function unproved(state: RunState): boolean {
  const last = lastReport(state);
  return last !== undefined && last.evaluation === undefined;
}

/** For a checkpoint that nothing can be postponed for. */
export async function proveOrFail(
  live: LiveRun,
  checkpoint: Checkpoint,
  { final = false }: { final?: boolean } = {},
): Promise<Extract<Proof, { kind: 'proved' }>> {
  const proof = await prove(live, checkpoint, { beside: false, final });
  if (proof.kind === 'proved') return proof;
  throw ApplicationFailure.nonRetryable(
    `checkpoint ${checkpoint.name} could not be evaluated in ${MAX_PROOFS} attempts: ${proof.reason}`,
    'SyncFailed',
  );
}

function scoresOf({ evaluation, suites }: Scores): Scores {
  return { evaluation, ...(suites !== undefined && { suites }) };
}

/**
 * The result of a run has a score of every suite: those that were not due when it was proved are asked now. What cannot
 * be had is missing; the result stands on its main suite.
 */
async function completeSuites(live: LiveRun, result: Checkpoint): Promise<void> {
  const { state, plan } = live;
  const known = state.checkpoints.find(({ checkpoint }) => checkpoint.name === result.name)?.suites ?? [];
  const left = (plan.suites ?? []).map(({ name }) => name).filter((name) => known.every(({ suite }) => suite !== name));
  if (left.length === 0) return;
  for (let attempt = 1; attempt <= MAX_PROOFS; attempt++) {
    try {
      if (attempt > 1 || state.chain.confirmed !== result.identity) await sync(live, result);
    } catch (error) {
      if (failureType(error) !== 'SyncFailed') throw error;
      continue;
    }
    const outcome = await evaluateFurther(live, result, { attempt, suites: left });
    if (outcome.kind === 'void') continue;
    noteCheckpoint(state, result, { suites: [...known, ...outcome.suites] });
    return;
  }
}

/** The result of a run is a base snapshot, evaluated: deltas cannot be promoted. */
export async function finish(live: LiveRun): Promise<void> {
  const { input, state } = live;
  const { stop } = state;
  state.phase = 'finish';
  let result = resultOf(state);
  if (result === undefined) {
    const proof = await proveOrFail(live, await saveCheckpoint(live, { final: true }), { final: true });
    await judge(live, proof, { kind: 'stop', reason: stop?.reason ?? '' });
    result = proof.checkpoint;
  }
  state.reason = stop?.reason ?? '';
  state.result = result.name;
  if (result.snapshotType === 'base') {
    await completeSuites(live, result);
    return;
  }
  if (result.step !== state.step || stop?.diverged === true) await goBackTo(live, result);
  const name = finalCheckpointName(state.step, state.generation);
  const saved = await saveAnew(live, { final: true, name });
  noteCheckpoint(state, saved);
  await record(input, state, { checkpoint: saved });
  const { checkpoint, ...proof } = await proveOrFail(live, saved, { final: true });
  const verdict = { kind: 'stop' as const, reason: `the base of ${result.name}, evaluated` };
  noteCheckpoint(state, checkpoint, { ...scoresOf(proof), verdict });
  await record(input, state, { verdict: { ...verdict, checkpoint: name } });
  state.result = name;
}

/** The weights that the run keeps, where the trainer holds others. It may be another trainer than saved them. */
async function goBackTo({ state, connection }: LiveRun, kept: Checkpoint): Promise<void> {
  const trainerId = kept.stateTrainerId ?? kept.trainerId ?? connection.trainerId;
  const path = stateReference({ trainerId, path: kept.statePath }, connection.trainerId);
  await activities.loadState({ connection, path, seq: takeSeq(state) });
  state.step = kept.step;
  state.chain = snapshotRequested(state.chain);
}

/** The checkpoint that the run stands or falls with; none if the weights as they stand are still to be evaluated. */
function resultOf(state: RunState): Checkpoint | undefined {
  if (state.stop?.keep !== undefined) {
    return state.checkpoints.find(({ checkpoint }) => checkpoint.name === state.stop?.keep)?.checkpoint;
  }
  const evaluated = lastEvaluated(state);
  return state.stop?.diverged === true || evaluated?.step === state.step ? evaluated : undefined;
}
