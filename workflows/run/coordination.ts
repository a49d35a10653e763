/** A run and the workflow that tries its branches: starting it, and being one of those that are tried. */
import { CancellationScope, getExternalWorkflowHandle, isCancellation, startChild } from '@temporalio/workflow';
import { BRANCHES_WORKFLOW_TYPE, type BranchesInput, type BranchesWorkflow } from '../../domain/words/branches.ts';
import { withLiveChanges } from '../../domain/spec/live-settings.ts';
import type { Checkpoint } from '../../domain/words/checkpoint.ts';
import { branchEvaluatedSignal } from './messages.ts';
import { branchesId, RUN_TASK_TIMEOUT } from '../../domain/words/names.ts';
import type { Plan } from '../../domain/words/plan.ts';
import type { Run } from './state.ts';

/** What the policy asked for when it ended the run. The branches live on by themselves. */
export async function startBranches({ input, state }: Run): Promise<void> {
  const { runId, runHex, spec } = input;
  const wanted = branchesWanted({ input, state });
  if (wanted === undefined) return;
  const { plan, checkpoint, plateau } = wanted;
  const { branches: settings, trial } = plateau;
  try {
    await startChild<BranchesWorkflow>(BRANCHES_WORKFLOW_TYPE, {
      workflowId: branchesId(runId),
      workflowIdReusePolicy: 'REJECT_DUPLICATE',
      workflowTaskTimeout: RUN_TASK_TIMEOUT,
      parentClosePolicy: 'ABANDON',
      args: [
        {
          runId,
          runHex,
          spec: withLiveChanges(spec, state.changes ?? []),
          plan,
          checkpoint,
          branches: settings,
          trial,
        },
      ],
    });
  } catch (error) {
    // Of a run that was reset to an earlier moment: the branches of the first time stand.
    if (!(error instanceof Error && error.name === 'WorkflowExecutionAlreadyStartedError')) throw error;
  }
}

/** Undefined: the run did not end for branches to go on. */
function branchesWanted({
  input,
  state: { stop, plan },
}: Run): { plan: Plan; checkpoint: Checkpoint; plateau: Plateau } | undefined {
  const { plateau } = input.spec.policy;
  const checkpoint = stop?.keep?.checkpoint;
  // Somebody wants an end of it: that goes for branches too.
  if (stop?.branch !== true || CancellationScope.current().consideredCancelled) return undefined;
  if (plateau?.branches === undefined || checkpoint === undefined || plan === undefined) return undefined;
  return { plan, checkpoint, plateau: { branches: plateau.branches, trial: plateau.trial } };
}

type Plateau = Pick<BranchesInput, 'branches' | 'trial'>;

/** Tells the coordinator, while the trial lasts, what a checkpoint scored; there may be nobody left to listen. */
export async function tellCoordinator({ input, state }: Run, checkpoint: Checkpoint): Promise<void> {
  const { runId, coordinator } = input;
  if (coordinator === undefined) return;
  const { latest, count } = state.course;
  // The baseline is no part of the trial.
  const beyond = count - 1;
  if (latest === undefined || latest.checkpoint !== checkpoint.name || beyond < 1 || beyond > coordinator.trial) return;
  const { step, metric, score, low, high } = latest;
  const told = { checkpoint: checkpoint.name, step, metric, score, low, high };
  try {
    await getExternalWorkflowHandle(coordinator.workflowId).signal(branchEvaluatedSignal, { runId, score: told });
  } catch (error) {
    if (isCancellation(error)) throw error;
  }
}
