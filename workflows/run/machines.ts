/** Machines: renting them, connecting to them, handing them back; under ids planned before anything is asked for. */
import { activities } from '../activities.ts';
import { NEW_CHAIN } from '../../domain/decide/chain.ts';
import type { Connection, Target } from '../../domain/words/checkpoint.ts';
import type { Plan } from '../../domain/words/plan.ts';
import type { RunInput } from '../../domain/words/run.ts';
import { failureType } from '../failures.ts';
import { deploymentId, stateReference, trainerId } from '../../domain/words/names.ts';
import { record } from './recording.ts';
import { takeSeq, type LiveRun, type RunState } from './run-state.ts';

/** Rents what is missing, connects, and restores the last saved state: afterwards the run can train. */
export async function goLive(input: RunInput, state: RunState, plan: Plan): Promise<LiveRun> {
  // A run that was continued as new is still connected.
  const target = state.target ?? (await provision(input, state, plan));
  const connection = state.connection ?? (await connect(input, state, plan));
  return { input, state, plan, target, connection };
}

async function provision(input: RunInput, state: RunState, plan: Plan): Promise<Target> {
  const { runId, spec } = input;
  state.phase = 'provision';
  state.lease += 1;
  const ids = { trainerId: trainerId(runId, state.lease), deploymentId: deploymentId(runId, state.lease) };
  state.rentedSinceMs ??= Date.now() - state.rentedBeforeMs;
  Object.assign(state, ids);
  await record(input, state);
  await activities.createTrainer({ runId, trainerId: ids.trainerId, plan, spec });
  const target = await activities.createDeployment({ runId, ...ids, plan, spec });
  await Promise.all([activities.awaitTrainer({ trainerId: ids.trainerId }), activities.awaitDeployment({ target })]);
  state.target = target;
  return target;
}

/** A new session and model: whatever a lost worker still sends to the old ones goes nowhere. */
async function connect(input: RunInput, state: RunState, plan: Plan): Promise<Connection> {
  const { runId, spec } = input;
  const trainer = state.trainerId ?? trainerId(runId, state.lease);
  state.phase = 'connect';
  await record(input, state);
  const sessionId = await activities.openSession({ runId, trainerId: trainer });
  const connection = await activities.createModel({ trainerId: trainer, sessionId, plan, spec });
  state.nextSeq = 1;
  state.chain = NEW_CHAIN;
  if (state.restore !== undefined) {
    const path = stateReference(state.restore, trainer);
    await activities.loadState({ connection, path, seq: takeSeq(state) });
  }
  state.connection = connection;
  return connection;
}

/** After a loss: the same trainer, started again if it ended; or, where it is gone for good, none. */
export async function revive(input: RunInput, state: RunState): Promise<void> {
  delete state.connection;
  if (state.trainerId === undefined) return;
  try {
    await activities.awaitTrainer({ trainerId: state.trainerId });
  } catch (error) {
    if (failureType(error) !== 'TrainerGone') throw error;
    await handBack(input, state, 'delete');
  }
}

/** Returns what is rented and keeps the platform's last word on it as proof. */
export async function handBack(
  { spec }: RunInput,
  state: RunState,
  onFinish: RunInput['spec']['deployment']['onFinish'] = spec.deployment.onFinish,
): Promise<void> {
  const { trainerId, deploymentId } = state;
  const [trainerState, deploymentState] = await Promise.all([
    trainerId === undefined ? state.release.trainerState : activities.releaseTrainer({ trainerId }),
    deploymentId === undefined
      ? state.release.deploymentState
      : activities.releaseDeployment({ deploymentId, onFinish }),
  ]);
  state.release = { trainerState, deploymentState };
  delete state.connection;
  delete state.target;
  delete state.trainerId;
  delete state.deploymentId;
}
