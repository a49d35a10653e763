/** Checkpoints: when one is due, and saving what training can go back to and what can be served. */
import { activities } from '../activities.ts';
import { planSnapshot, snapshotRequested } from '../../domain/decide/chain.ts';
import { freshName } from '../../domain/decide/fresh-name.ts';
import type { Checkpoint } from '../../domain/words/checkpoint.ts';
import { checkpointName, pauseName, snapshotName, stateReference } from '../../domain/words/names.ts';
import { unlessInterrupted } from './attention.ts';
import { record } from './recording.ts';
import { noteCheckpoint, takeSeq, type LiveRun, type RunState } from './state.ts';
import { validated } from './validating.ts';

/** A checkpoint is due before the first step, at every multiple, at the end, and where the last one here was never evaluated. */
export function checkpointDue({ input, state }: LiveRun): boolean {
  const { last } = state;
  if (last === undefined) return true;
  if (last.checkpoint.step === state.step) return last.evaluation === undefined;
  const { train, checkpoint } = input.spec;
  return state.step % checkpoint.every === 0 || state.step >= train.steps;
}

/** A verdict takes effect when the checkpoint after the judged one is due: until then training goes on. */
export function verdictDue({ input, state: { proof, step } }: LiveRun): boolean {
  const { train, checkpoint } = input.spec;
  return proof !== undefined && step > proof.checkpoint.step && (step % checkpoint.every === 0 || step >= train.steps);
}

/** Whether the newest checkpoint is without a score: the next one is then proved before training goes on. */
export function unproved({ last }: RunState): boolean {
  return last !== undefined && last.evaluation === undefined;
}

/** Resumable state first: once it is saved, nothing that follows can lose the steps behind it. */
export async function saveCheckpoint(live: LiveRun, options: { final: boolean; name?: string }): Promise<Checkpoint> {
  const { input, state } = live;
  state.phase = state.step === (input.parent?.step ?? 0) ? 'baseline' : 'checkpoint';
  const { last } = state;
  const saved = last?.checkpoint.step === state.step && last.evaluation === undefined ? last.checkpoint : undefined;
  const kept = saved === undefined ? await saveAnew(live, options) : await saveAgain(live, saved, options.final);
  const checkpoint = await validated(live, kept);
  noteCheckpoint(state, checkpoint);
  await record(live, { checkpoint });
  return checkpoint;
}

export async function saveAnew(live: LiveRun, { final, name }: { final: boolean; name?: string }): Promise<Checkpoint> {
  const { input, state } = live;
  const { step, generation } = state;
  const wanted = name ?? checkpointName(step, generation);
  const sinceMs = Date.now();
  // Other trials save on the trainer of a slot too, at the same steps.
  const stateName = input.sweep?.slot === undefined ? wanted : snapshotName(wanted, input.runHex);
  const statePath = await saveState(live, wanted, stateName);
  const snapshot = await saveSnapshot(live, snapshotName(wanted, input.runHex), final);
  state.saveMs = Date.now() - sinceMs;
  return { name: wanted, step, generation, statePath, ...snapshot, trainerId: live.connection.trainerId };
}

/** The same weights as a base, under a new snapshot name: it loads whatever the replicas hold. */
export async function saveAgain(live: LiveRun, saved: Checkpoint, final: boolean): Promise<Checkpoint> {
  const { state, connection } = live;
  const { previousIdentity: _, ...kept } = saved;
  const { trainerId } = connection;
  state.resaves += 1;
  const name = snapshotName(`${saved.name}-r${state.resaves}`, live.input.runHex);
  const snapshot = await saveSnapshot(live, name, final);
  const stateTrainerId = saved.stateTrainerId ?? saved.trainerId;
  return { ...kept, ...snapshot, trainerId, ...(stateTrainerId !== undefined && { stateTrainerId }) };
}

async function saveState(live: LiveRun, checkpoint: string, name: string): Promise<string> {
  const { state, connection } = live;
  const path = await unlessInterrupted(
    live,
    'saving the state',
    () => activities.saveState({ connection, name: unused(state, name), seq: takeSeq(state) }),
    { expectedMs: state.saveMs },
  );
  const { step } = state;
  state.restore = { trainerId: connection.trainerId, path, step, checkpoint, savedAtMs: Date.now() };
  state.sinceSaveMs = 0;
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
  const identity = await unlessInterrupted(
    live,
    'saving a snapshot',
    () => activities.saveSnapshot({ connection, name: unused(state, name), type, seq: takeSeq(state) }),
    { expectedMs: state.saveMs },
  );
  return { identity, snapshotType: type, ...(previousIdentity === undefined ? {} : { previousIdentity }) };
}

/** Never a name of before: saving under one would replace what stands behind an earlier checkpoint. */
function unused(state: RunState, wanted: string): string {
  const { name, given } = freshName(state.names ?? [], wanted);
  state.names = given;
  return name;
}

/**
 * What a paused run goes on from, unless the last checkpoint is just that: a checkpoint like any other, a base, which
 * `branch` and `show` can name. It is not evaluated, so that a pause leaves no mark on what the run decides by.
 */
export async function savePauseState(live: LiveRun): Promise<void> {
  const { state } = live;
  if (state.restore?.step === state.step) return;
  const checkpoint = await saveAnew(live, { final: true, name: pauseName(state.step, state.generation) });
  await record(live, { checkpoint });
}

/** The weights that the run keeps, where the trainer holds others. It may be another trainer than saved them. */
export async function goBackTo({ state, connection }: LiveRun, kept: Checkpoint): Promise<void> {
  const trainerId = kept.stateTrainerId ?? kept.trainerId ?? connection.trainerId;
  const path = stateReference({ trainerId, path: kept.statePath }, connection.trainerId);
  await activities.loadState({ connection, path, seq: takeSeq(state) });
  state.step = kept.step;
  state.chain = snapshotRequested(state.chain);
}
