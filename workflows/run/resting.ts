/** Resting: a run without machines, that was paused, or that waits until somebody mends the account. */
import { condition } from '@temporalio/workflow';
import { activities } from '../activities.ts';
import { pollMs } from '../../domain/decide/patience.ts';
import { rootMessage } from '../failures.ts';
import { GivenUp, interruptNow, noteBudget, unlessInterrupted } from './attention.ts';
import { savePauseState } from './checkpoints.ts';
import { endWithEvaluated } from './finishing.ts';
import { handBack, waitsForAccess } from './machines.ts';
import { returnUntaken } from './slot.ts';
import { judgeLast } from './judging.ts';
import { record } from './recording.ts';
import { endAtOnce, unevaluatedSteps, type LiveRun, type Run } from './state.ts';

/** Saves what the run goes on from, and returns its machines. */
export async function pause(live: LiveRun): Promise<void> {
  const { state } = live;
  state.phase = 'pause';
  await judgeLast(live);
  if (state.stop !== undefined) return;
  await savePauseState(live);
  await handBack(live, 'delete');
}

/**
 * Where nothing is rented: a run that was asked to pause waits, and one that was asked to end and has nothing left to
 * evaluate ends here, without renting anything for it. Says whether it goes on.
 */
export async function restIfAsked(run: Run): Promise<boolean> {
  const { state } = run;
  if (state.trainerId !== undefined) return true;
  if (state.stop === undefined && state.pauseRequested) {
    state.standing = 'paused';
    state.phase = 'paused';
    state.waitsFor = { what: 'resume', sinceMs: Date.now() };
    await record(run, { rests: { sinceMs: state.waitsFor.sinceMs } });
    await returnUntaken(run);
    await condition(() => !state.pauseRequested || state.stop !== undefined);
    delete state.waitsFor;
  }
  if (state.stop === undefined || worthFinishing(run)) return true;
  endWithEvaluated(run);
  return false;
}

/** Whether machines are to be rented once more for a run that has to end: for a base of its result, or a last score. */
function worthFinishing({ state }: Run): boolean {
  const { stop, evaluated } = state;
  if (stop === undefined || stop.atOnce === true || stop.early === true) return false;
  if (stop.keep === undefined && unevaluatedSteps(state) > 0 && !stop.diverged) return true;
  return (stop.keep ?? evaluated)?.checkpoint.snapshotType === 'delta';
}

/** A key that is good, and is refused all the same as soon as it is used, is tried ever more rarely. */
function parkMs(parks: number): number {
  return parks === 0 ? 0 : Math.min(2_500 * 2 ** parks, 600_000);
}

/**
 * The account refuses the key, or the platform has been away for days: nothing more can be done, and nothing is lost.
 * Machines are kept for a while, in case it is mended soon; then they are returned, as soon as that is possible again.
 */
export async function park(run: Run, error: unknown): Promise<void> {
  const { input, state } = run;
  state.standing = 'parked';
  state.phase = 'parked';
  waitsForAccess(state, error);
  const sinceMs = Date.now();
  const untilMs = sinceMs + parkMs(state.parks);
  state.parks += 1;
  const keptMs = input.spec.recovery.parkHours * 3_600_000;
  await record(run, { rests: { sinceMs, why: rootMessage(error) } });
  try {
    while (Date.now() < untilMs || !(await hasAccess(run))) {
      if (state.trainerId !== undefined && Date.now() - sinceMs >= keptMs) {
        // Tried until it succeeds; which is when the account works again.
        await handBack(run, 'delete');
        waitsForAccess(state, error);
        continue;
      }
      await condition(() => interruptNow(run) !== undefined, pollMs(Date.now() - sinceMs, 'access'));
      const interrupt = interruptNow(run);
      if (interrupt !== undefined) throw new GivenUp(interrupt, 'waiting for access');
    }
  } catch (given) {
    if (!(given instanceof GivenUp)) throw given;
    if (given.interrupt === 'budget') noteBudget(run);
    if (given.interrupt !== 'pause') endAtOnce(state, given.message);
    await handBack(run, 'delete');
  }
  delete state.waitsFor;
}

async function hasAccess(run: Run): Promise<boolean> {
  try {
    await unlessInterrupted(run, 'trying the key', () => activities.tryAccess(), { withoutGrace: true });
    return true;
  } catch (error) {
    if (error instanceof GivenUp) throw error;
    waitsForAccess(run.state, error);
    return false;
  }
}
