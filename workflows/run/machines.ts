/**
 * Machines: renting them under ids planned before anything is asked for, waiting for them, connecting, handing them back.
 * Waiting is timers and short calls: no worker's slot is held, and whatever is asked of the run is heard.
 */
import { ApplicationFailure, CancellationScope, condition } from '@temporalio/workflow';
import { activities } from '../activities.ts';
import { NEW_CHAIN, snapshotRequested } from '../../domain/decide/chain.ts';
import { started, stopped } from '../../domain/decide/clock.ts';
import { pollMs } from '../../domain/decide/patience.ts';
import type { CapacityWait } from '../../domain/decide/told-of-waiting.ts';
import type { Connection, Target } from '../../domain/words/checkpoint.ts';
import { deploymentId, stateReference, trainerId } from '../../domain/words/names.ts';
import { placeOf, type Place } from '../../domain/words/place.ts';
import type { Plan } from '../../domain/words/plan.ts';
import type { MachineSight, RunInput, WaitsFor } from '../../domain/words/run.ts';
import { failureType, gone, rootMessage } from '../failures.ts';
import { GivenUp, interruptNow, noteBudget, unlessInterrupted } from './attention.ts';
import { continueAsNewIfLong } from './history.ts';
import { record } from './recording.ts';
import { takeOver } from './slot.ts';
import { rewind } from './rewinding.ts';
import { endAtOnce, takeSeq, type LiveRun, type Run, type RunState, type SavedState } from './state.ts';

/** One that keeps ending is broken: asking for ever would rent it for ever. */
const MAX_REVIVALS = 3;

/** A trainer that was asked to go on may say for a while that it has ended. */
const REVIVAL_MS = 30_000;

/** A deployment that serves nobody costs more than one that is rented anew. */
const IDLE_DEPLOYMENT_MS = 10 * 60_000;

/**
 * Rents what is missing, waits for it, connects, and restores the last saved state: afterwards the run can train.
 * Undefined: something came first, and nothing is rented any more.
 */
export async function goLive(run: Run, plan: Plan): Promise<LiveRun | undefined> {
  const { state } = run;
  // A run that was continued as new is still connected.
  if (state.target === undefined || state.connection === undefined) {
    state.standing = state.stop === undefined ? 'waiting' : 'finishing';
    try {
      await untilConnected(run, plan);
    } catch (error) {
      await giveWay(run, error);
      return undefined;
    }
  }
  const { target, connection } = state;
  if (target === undefined || connection === undefined) return undefined;
  state.standing = state.stop === undefined ? 'live' : 'finishing';
  return { ...run, plan, target, connection };
}

/** What was asked for came before the machines were ready: they are returned. */
export async function giveWay(run: Run, error: unknown): Promise<void> {
  const { state } = run;
  if (!(error instanceof GivenUp)) throw error;
  if (error.interrupt === 'budget') noteBudget(run);
  // Nothing that was saved is lost by it: it ends, or rests, with what there is.
  if (error.interrupt !== 'pause') endAtOnce(state, error.message);
  if (state.connection !== undefined) await rewind(run, error.message, { bounded: false });
  await handBack(run, 'delete');
}

async function untilConnected(run: Run, plan: Plan): Promise<void> {
  const { state } = run;
  state.askedMs ??= Date.now();
  const trainer = await untilTrainerRuns(run, plan);
  const target = await untilDeploymentServes(run, plan, trainer);
  delete state.waitsFor;
  state.target = target;
  state.connection ??= await unlessInterrupted(run, 'connecting', () => connect(run, plan, trainer));
  state.readyMs ??= Date.now() - state.askedMs;
}

/**
 * Rents the trainer and waits for it; the deployment is rented once the trainer is about to run, and not before. A frozen
 * one has no deployment.
 */
export async function untilTrainerRuns(run: Run, plan: Plan, { frozen = false } = {}): Promise<string> {
  const id = await rentTrainer(run, plan, frozen);
  const revivals = { asked: 0, askedMs: 0 };
  for (;;) {
    const sight = await look(run, () =>
      activities.lookTrainer({ trainerId: id, ...where(run.state), ...waiting(run) }),
    );
    if (sight.standing === 'ready') return id;
    if (sight.standing === 'gone') throw gone('trainer', id, sight);
    if (sight.standing === 'ended') await revive(run, id, { sight, revivals });
    if (sight.standing === 'capacity') await idle(run);
    else if (frozen) run.state.clock = started(run.state.clock, Date.now());
    else await prepare(run, plan, id);
    await waitFor(run, sight.standing === 'capacity' ? 'capacity' : 'readiness', sight);
  }
}

async function rentTrainer(run: Run, plan: Plan, frozen: boolean): Promise<string> {
  const { input, state } = run;
  const { runId, spec } = input;
  state.phase = 'provision';
  if (state.trainerId === undefined && !(await takeOver(run))) state.trainers += 1;
  const id = trainerId(owner(input), state.trainers);
  state.trainerId = id;
  if (state.trainerCreated === true) return id;
  await record(run);
  await unlessInterrupted(run, 'renting a trainer', () =>
    activities.createTrainer({ runId, trainerId: id, plan, spec, ...(frozen && { frozen }) }),
  );
  state.trainerCreated = true;
  return id;
}

/** What machines are named after: the run, or the slot of its sweep. */
function owner({ runId, sweep }: RunInput): string {
  return sweep?.slot?.slotId ?? runId;
}

/** The trainer is about to run: from here on it is charged for, and its deployment is wanted. */
async function prepare(run: Run, plan: Plan, trainer: string): Promise<void> {
  run.state.clock = started(run.state.clock, Date.now());
  await rentDeployment(run, plan, trainer);
}

/** Nothing is charged while a trainer waits for capacity, unless a deployment is kept for it. */
async function idle({ input, state }: Run): Promise<void> {
  const nowMs = Date.now();
  if (state.deploymentId === undefined) {
    state.clock = stopped(state.clock, nowMs);
    return;
  }
  if (state.waitsFor?.what !== 'capacity' || nowMs - state.waitsFor.sinceMs < IDLE_DEPLOYMENT_MS) return;
  await returnDeployment({ input, state }, 'delete');
  state.clock = stopped(state.clock, Date.now());
}

async function revive(
  run: Run,
  id: string,
  { sight, revivals }: { sight: MachineSight; revivals: { asked: number; askedMs: number } },
): Promise<void> {
  const nowMs = Date.now();
  if (revivals.asked > 0 && nowMs - revivals.askedMs < REVIVAL_MS) return;
  if (revivals.asked >= MAX_REVIVALS) throw gone('trainer', id, sight);
  revivals.asked += 1;
  revivals.askedMs = nowMs;
  await unlessInterrupted(run, 'reviving the trainer', () =>
    activities.resumeTrainer({ trainerId: id, ...where(run.state) }),
  );
}

async function rentDeployment(run: Run, plan: Plan, trainer: string): Promise<Target> {
  const { input, state } = run;
  if (state.target !== undefined) return state.target;
  const { runId, spec } = input;
  if (state.deploymentId === undefined) {
    state.deployments += 1;
    state.deploymentId = deploymentId(owner(input), state.deployments);
    delete state.kept;
    await record(run);
  }
  const ids = { runId, deploymentId: state.deploymentId, trainerId: trainer };
  const target = await unlessInterrupted(run, 'renting a deployment', () =>
    activities.createDeployment({ ...ids, plan, spec }),
  );
  state.target = target;
  return target;
}

async function untilDeploymentServes(run: Run, plan: Plan, trainer: string): Promise<Target> {
  run.state.clock = started(run.state.clock, Date.now());
  const target = await rentDeployment(run, plan, trainer);
  for (;;) {
    const sight = await look(run, () => activities.lookDeployment({ target, ...where(run.state) }));
    if (sight.standing === 'ready') return target;
    if (sight.standing === 'gone') throw gone('deployment', target.deploymentId, sight);
    await waitFor(run, 'readiness', sight);
  }
}

function look(run: Run, call: () => Promise<MachineSight>): Promise<MachineSight> {
  return unlessInterrupted(run, 'waiting for a machine', call, { withoutGrace: true });
}

/** Until it is time to look again; or something interrupts the run. */
async function waitFor(run: Run, what: WaitsFor['what'], { state: word, detail }: MachineSight): Promise<void> {
  const { state } = run;
  const before = state.waitsFor;
  const sinceMs = before?.what === what ? before.sinceMs : Date.now();
  state.waitsFor = { what, sinceMs, said: detail === undefined ? word : `${word}: ${detail}` };
  if (before?.what !== what) await record(run);
  // Before the first window there is nothing in flight.
  await continueAsNewIfLong(run);
  await condition(() => interruptNow(run) !== undefined, pollMs(Date.now() - sinceMs, what));
  const interrupt = interruptNow(run);
  if (interrupt !== undefined) throw new GivenUp(interrupt, `waiting for ${what}`);
}

/** A new session and model: whatever a lost worker still sends to the old ones goes nowhere. */
async function connect(run: Run, plan: Plan, trainer: string): Promise<Connection> {
  const { input, state } = run;
  const { runId, spec } = input;
  state.phase = 'connect';
  await record(run);
  const sessionId = await activities.openSession({ runId, trainerId: trainer, ...where(state) });
  const connection = await activities.createModel({ trainerId: trainer, sessionId, plan, spec });
  state.nextSeq = 1;
  state.chain = NEW_CHAIN;
  const { startFrom: start } = plan;
  if (state.restore !== undefined) await loadSaved(run, connection, state.restore);
  // Until something is saved every new model begins so: after the first save it is part of what is loaded.
  else if (start !== undefined) await activities.loadStart({ connection, start, seq: takeSeq(state) });
  return connection;
}

async function loadSaved({ input, state }: Run, connection: Connection, saved: SavedState): Promise<void> {
  const path = stateReference(saved, connection.trainerId);
  try {
    await activities.loadState({ connection, path, seq: takeSeq(state) });
  } catch (error) {
    if (failureType(error) !== 'InvalidRequest') throw error;
    const { step, checkpoint = path } = saved;
    const lost = `what was saved at step ${step} (${checkpoint}) cannot be loaded: ${rootMessage(error)}`;
    const remedy = `Platforms keep a state for some time only. See \`pawl show ${input.runId}\` for its checkpoints, and go on from one with \`pawl branch ${input.runId}@STEP\``;
    throw ApplicationFailure.nonRetryable(`${lost}. ${remedy}`, 'InvalidRequest');
  }
}

/** A deployment that is gone is replaced by the next one, which begins with a base; the trainer keeps what it holds. */
export async function dropDeployment(run: Run): Promise<void> {
  const { state } = run;
  state.chain = snapshotRequested(NEW_CHAIN);
  await returnDeployment(run, 'delete');
}

/**
 * Returns what is rented and keeps the platform's last word on it as proof. It is asked for as long as it takes, and one
 * machine that cannot be returned never keeps the other.
 */
export async function handBack(run: Run, onFinish?: RunInput['spec']['deployment']['onFinish']): Promise<void> {
  const { state } = run;
  if (state.trainerId === undefined && state.deploymentId === undefined) return;
  await CancellationScope.nonCancellable(async () => {
    state.waitsFor = { what: 'release', sinceMs: Date.now() };
    const returned = await Promise.allSettled([returnTrainer(run), returnDeployment(run, onFinish)]);
    const failed = returned.find(({ status }) => status === 'rejected');
    if (failed?.status === 'rejected') throw failed.reason;
    delete state.waitsFor;
    state.clock = stopped(state.clock, Date.now());
  });
}

async function returnTrainer({ state }: Run): Promise<void> {
  delete state.connection;
  const { trainerId: id } = state;
  if (id === undefined) return;
  const trainerState = await activities.releaseTrainer({ trainerId: id, ...where(state) });
  state.release = { ...state.release, trainerState };
  delete state.trainerId;
  delete state.trainerCreated;
}

async function returnDeployment(
  { input, state }: Run,
  onFinish: RunInput['spec']['deployment']['onFinish'] = input.spec.deployment.onFinish,
): Promise<void> {
  const { deploymentId: id } = state;
  if (id === undefined) return;
  const deploymentState = await activities.releaseDeployment({ deploymentId: id, onFinish, ...where(state) });
  state.release = { ...state.release, deploymentState };
  if (onFinish === 'keep') state.kept = true;
  delete state.target;
  delete state.deploymentId;
}

/** What a failure of renting says of the run's wait. */
export function waitsForAccess(state: RunState, error: unknown): void {
  const sinceMs = state.waitsFor?.what === 'access' ? state.waitsFor.sinceMs : Date.now();
  state.waitsFor = { what: 'access', sinceMs, said: rootMessage(error) };
}

/** Who looks then knows how long the run has waited for capacity. */
function waiting({ input: { runId }, state: { waitsFor } }: Run): { waits?: CapacityWait } {
  return waitsFor?.what === 'capacity' ? { waits: { runId, sinceMs: waitsFor.sinceMs } } : {};
}

/** Where it was rented, for whoever is to look after it: a worker of another place must not even look. */
function where({ plan }: RunState): { place?: Place } {
  const place = placeOf(plan);
  return place === undefined ? {} : { place };
}
