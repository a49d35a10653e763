/** The end of a run: whatever was rented is returned first, whatever happened; then it is written down how it all ended. */
import {
  CancellationScope,
  CancelledFailure,
  isCancellation,
  ParentClosePolicy,
  startChild,
} from '@temporalio/workflow';
import { unspent } from '../../domain/decide/budget.ts';
import { AFTERWORD_WORKFLOW_TYPE, afterwordId, type AfterwordWorkflow } from '../../domain/words/afterword.ts';
import { rootMessage } from '../failures.ts';
import { handBack } from './machines.ts';
import { leaveSlot } from './slot.ts';
import { promotionWanted, requestPromotion } from './promotion-request.ts';
import { cancelProof } from './proofs.ts';
import { heldBy, record } from './recording.ts';
import { used, type Run } from './state.ts';
import { tellSweepEnd } from './trial.ts';

/** Returns everything and says how it ended; nothing in here changes that. Not to be interrupted by anybody. */
export function end(run: Run): Promise<void> {
  return CancellationScope.nonCancellable(async () => {
    const { state } = run;
    await cancelProof(run);
    if (state.trainerId !== undefined || state.deploymentId !== undefined) state.phase = 'release';
    if (!(await leaveSlot(run))) await handBack(run);
    state.standing = 'ended';
    state.phase = 'done';
    const { outcome, reason, release, stop } = state;
    const facts = { outcome, reason, release, ...(stop?.diverged === true && { diverged: true as const }) };
    await ((await record(run, facts)) ? requestPromotion(run) : leaveAfterword(run));
    await tellSweepEnd(run);
  });
}

/** A store that is away must not keep the run from telling Temporal its end: another workflow waits until it is back. */
async function leaveAfterword(run: Run): Promise<void> {
  const { runId } = run.input;
  const promotion = promotionWanted(run);
  await startChild<AfterwordWorkflow>(AFTERWORD_WORKFLOW_TYPE, {
    workflowId: afterwordId(runId),
    parentClosePolicy: ParentClosePolicy.ABANDON,
    args: [{ runId, facts: run.state.unrecorded, ...heldBy(run), ...(promotion !== undefined && { promotion }) }],
  });
}

/** The run went to its end; what was left of a budget is said with the reason. */
export function noteFinish({ input, state }: Run): void {
  const left = unspent(input.spec.budget, used(state, Date.now()));
  state.outcome = 'finished';
  if (left !== undefined) state.reason = `${state.reason}; left unspent: ${left}`;
}

/** How the run ends, and what it is to end with. */
export function noteFailure({ state }: Run, error: unknown): unknown {
  // A call that was to be cancelled may have failed instead, with its worker.
  const cancelled = isCancellation(error) || CancellationScope.current().consideredCancelled;
  state.outcome = cancelled ? 'cancelled' : 'failed';
  state.reason = cancelled ? 'cancelled' : rootMessage(error);
  return cancelled && !isCancellation(error) ? new CancelledFailure('cancelled') : error;
}
