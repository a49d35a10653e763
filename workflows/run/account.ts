/**
 * A run that draws on a named budget reserves before it rents, and a quarter of an hour ahead for as long as it does. Where
 * nothing is left before it rents, it waits; once it has rented, it ends in good order.
 */
import { CancellationScope, condition, isCancellation, proxyActivities, sleep } from '@temporalio/workflow';
import type { Reserved } from '../../domain/decide/accounts.ts';
import type { AccountActivities } from '../../domain/words/accounts.ts';
import type { Plan } from '../../domain/words/plan.ts';
import { CALL } from '../activities.ts';
import { rootMessage } from '../failures.ts';
import { continueAsNewIfLong } from './history.ts';
import { record } from './recording.ts';
import { endAtOnce, type Run } from './state.ts';

const { reserveRent } = proxyActivities<AccountActivities>(CALL);

/** Others return what they rented, a limit is raised, a new period begins: nobody tells. */
const ASK_AGAIN_MS = 60_000;
/** Of what is reserved: the next is asked for before it is over. */
const WELL_BEFORE = 0.8;

/** Waits until there is something to rent with; false: something else was asked of the run first. */
export async function reserveFirst(run: Run, plan: Plan): Promise<boolean> {
  const { input, state } = run;
  const { account } = input.spec.budget;
  if (account === undefined || state.trainerId !== undefined) return true;
  state.standing = 'waiting';
  for (;;) {
    const reserved = await reserve(run, account, plan);
    if (reserved.kind === 'granted') {
      delete state.waitsFor;
      return true;
    }
    const { reason } = reserved;
    // Nothing could be rented to finish it with.
    if (state.stop !== undefined) endAtOnce(state, reason);
    if (isAsked(run)) return false;
    if (state.waitsFor?.what !== 'budget') {
      state.waitsFor = { what: 'budget', sinceMs: Date.now(), said: reason };
      await record(run, { awaitsBudget: { reason, sinceMs: state.waitsFor.sinceMs } });
    }
    await continueAsNewIfLong(run);
    await condition(() => isAsked(run), ASK_AGAIN_MS);
  }
}

function isAsked({ state }: Run): boolean {
  return state.stop !== undefined || state.pauseRequested;
}

async function reserve({ input: { runId } }: Run, account: string, { costPerHour }: Plan): Promise<Reserved> {
  return reserveRent({ runId, account, costPerHour });
}

/** Does the work, and goes on reserving beside it; once nothing is left, the run ends like one that was asked to stop. */
export async function whileReserving(run: Run, plan: Plan, work: () => Promise<void>): Promise<void> {
  const { account } = run.input.spec.budget;
  if (account === undefined) return work();
  const scope = new CancellationScope();
  const keeping = scope.run(async () => keepReserving(run, account, plan));
  try {
    await work();
  } finally {
    scope.cancel();
    await keeping;
  }
}

async function keepReserving(run: Run, account: string, plan: Plan): Promise<void> {
  const { state } = run;
  try {
    for (;;) {
      const reserved = await reserve(run, account, plan);
      if (reserved.kind === 'refused') {
        state.stop ??= { reason: reserved.reason, diverged: false };
        return;
      }
      await sleep(Math.max(500, reserved.leftMs * WELL_BEFORE));
    }
  } catch (error) {
    if (!isCancellation(error)) state.stop ??= { reason: rootMessage(error), diverged: false };
  }
}
