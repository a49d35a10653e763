/** What becomes of a run when something failed: the table of domain/decide/endings.ts, carried out. */
import { CancellationScope, ContinueAsNew, isCancellation } from '@temporalio/workflow';
import { responseTo } from '../../domain/decide/endings.ts';
import { failureType, rootMessage } from '../failures.ts';
import { GivenUp, noteBudget } from './attention.ts';
import { judgeLast } from './judging.ts';
import { dropDeployment, handBack } from './machines.ts';
import { park } from './resting.ts';
import { rewind } from './rewinding.ts';
import { endAtOnce, type Run } from './state.ts';

/** Afterwards the run can go on, or rest, or end in good order; what it cannot go on from is thrown again. */
export async function recover(run: Run, error: unknown): Promise<void> {
  const { state } = run;
  if (error instanceof ContinueAsNew || isCancellation(error) || CancellationScope.current().consideredCancelled) {
    throw error;
  }
  if (error instanceof GivenUp) return giveUp(run, error);
  const type = failureType(error);
  const response = responseTo(type, { rented: state.trainerId !== undefined });
  switch (response) {
    case 'end':
      throw error;
    case 'replace the deployment':
      await judgeAnyway(run);
      state.lostDeployments += 1;
      if (state.lostDeployments > run.input.spec.recovery.maxRewinds) throw error;
      await dropDeployment(run);
      return undefined;
    case 'rewind':
    case 'replace the trainer':
      // First of all: a run that continues as new while it waits must not go on with this session as if nothing was.
      await rewind(run, rootMessage(error), { bounded: true });
      // That the trainer is lost does not make the evidence worthless.
      await judgeAnyway(run);
      if (response === 'replace the trainer') await handBack(run, 'delete');
      return undefined;
    case 'park':
      await rewind(run, `no access: ${rootMessage(error)}`, { bounded: false });
      await judgeAnyway(run);
      await park(run, error);
      return undefined;
  }
}

/** What was given up may have been done or not: the machines go back, and the run is where it was saved last. */
async function giveUp(run: Run, error: GivenUp): Promise<void> {
  const { state } = run;
  if (error.interrupt === 'budget') noteBudget(run);
  await rewind(run, error.message, { bounded: false });
  endAtOnce(state, error.message);
  await handBack(run, 'delete');
}

/** The proof in hand is waited for as ever; what it fails with is answered to when it comes up again. */
async function judgeAnyway(run: Run): Promise<void> {
  try {
    await judgeLast(run);
  } catch (error) {
    if (isCancellation(error) || failureType(error) === undefined) throw error;
  }
}
