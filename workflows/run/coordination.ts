/** A run and the workflow that tries its branches: starting it, and being one of those that are tried. */
import { CancellationScope, getExternalWorkflowHandle, isCancellation, startChild } from '@temporalio/workflow';
import { BRANCHES_WORKFLOW_TYPE, type BranchesWorkflow } from '../../domain/words/branches.ts';
import type { Checkpoint } from '../../domain/words/checkpoint.ts';
import type { RunInput } from '../../domain/words/run.ts';
import { branchEvaluatedSignal } from './messages.ts';
import { branchesId, RUN_TASK_TIMEOUT } from '../../domain/words/names.ts';
import { judgedEvaluations } from '../../domain/decide/policy-scores.ts';
import type { RunState } from './run-state.ts';

/** What the policy asked for when it ended the run. The branches live on by themselves. */
export async function startBranches({ runId, runHex, spec }: RunInput, state: RunState): Promise<void> {
  const { stop, plan } = state;
  const { plateau } = spec.policy;
  const checkpoint = state.checkpoints.find((report) => report.checkpoint.name === stop?.keep)?.checkpoint;
  if (stop?.branch !== true || plateau?.branches === undefined || checkpoint === undefined || plan === undefined)
    return;
  // Somebody wants an end of it: that goes for branches too.
  if (CancellationScope.current().consideredCancelled) return;
  const { branches: settings, trial } = plateau;
  try {
    await startChild<BranchesWorkflow>(BRANCHES_WORKFLOW_TYPE, {
      workflowId: branchesId(runId),
      workflowIdReusePolicy: 'REJECT_DUPLICATE',
      workflowTaskTimeout: RUN_TASK_TIMEOUT,
      parentClosePolicy: 'ABANDON',
      args: [{ runId, runHex, spec, plan, checkpoint, branches: settings, trial }],
    });
  } catch (error) {
    // Of a run that was reset to an earlier moment: the branches of the first time stand.
    if (!(error instanceof Error && error.name === 'WorkflowExecutionAlreadyStartedError')) throw error;
  }
}

/** Tells the coordinator, while the trial lasts, what a checkpoint scored; there may be nobody left to listen. */
export async function tellCoordinator(
  { runId, spec, coordinator }: RunInput,
  state: RunState,
  checkpoint: Checkpoint,
): Promise<void> {
  if (coordinator === undefined) return;
  const [, ...beyond] = judgedEvaluations(spec.policy, state.checkpoints);
  const latest = beyond.at(-1);
  if (latest === undefined || latest.checkpoint !== checkpoint.name || beyond.length > coordinator.trial) return;
  const { step, metric, score, low, high } = latest;
  const told = { checkpoint: checkpoint.name, step, metric, score, low, high };
  try {
    await getExternalWorkflowHandle(coordinator.workflowId).signal(branchEvaluatedSignal, { runId, score: told });
  } catch (error) {
    if (isCancellation(error)) throw error;
  }
}
