/**
 * Branching by policy: starts a run for each set of changes, gives each a trial, lets the best go on and stops the others.
 * The runs are children, so that the end of any is heard of, however it came; and they outlive this workflow.
 */
import {
  CancellationScope,
  condition,
  isCancellation,
  proxyActivities,
  setHandler,
  startChild,
  type ActivityOptions,
  type ChildWorkflowHandle,
} from '@temporalio/workflow';
import type {
  BranchActivities,
  BranchChoice,
  BranchesInput,
  BranchScore,
  TriedBranch,
} from '../../domain/words/branches.ts';
import { parentAt } from '../../domain/words/branches.ts';
import { chooseBranch, lossReason, settled } from '../../domain/decide/branch-choice.ts';
import type { RunInput, RunWorkflow } from '../../domain/words/run.ts';
import { rootMessage } from '../failures.ts';
import { branchesStatusQuery, branchEvaluatedSignal, stopSignal } from '../run/messages.ts';
import { branchesId, branchHex, branchRunId, RUN_TASK_TIMEOUT, RUN_WORKFLOW_TYPE } from '../../domain/words/names.ts';

const OPTIONS: ActivityOptions = {
  heartbeatTimeout: '5s',
  startToCloseTimeout: '5m',
  retry: {
    initialInterval: '100ms',
    backoffCoefficient: 2,
    maximumInterval: '30s',
    nonRetryableErrorTypes: ['InvalidRequest'],
  },
};

const activities = proxyActivities<BranchActivities>(OPTIONS);

type RunHandle = ChildWorkflowHandle<RunWorkflow>;

export async function branches(input: BranchesInput): Promise<BranchChoice> {
  const { runId, checkpoint, spec, trial } = input;
  const tried: TriedBranch[] = [];
  const facts = { runId, checkpoint: checkpoint.name, step: checkpoint.step, trial };
  let choice: BranchChoice | undefined;
  setHandler(branchesStatusQuery, () => choice ?? { ...facts, branches: tried });
  setHandler(branchEvaluatedSignal, (told) => {
    update(tried, told.runId, (branch) => scored(branch, told.score, trial));
  });

  const runs = await planRuns(input);
  for (const { input: branch, changes } of runs) tried.push({ runId: branch.runId, changes, evaluated: 0 });
  await activities.recordBranches({ ...facts, branches: tried });
  const handles: RunHandle[] = [];
  for (const { input: branch } of runs) {
    const handle = await startRun(branch);
    handles.push(handle);
    // Never rejects; what it hears is waited for below.
    void hearEnd(handle, tried);
  }
  await condition(() => tried.every((branch) => settled(branch, trial)));

  choice = { ...facts, branches: [...tried], ...chooseBranch(spec.policy.direction, tried) };
  await stopOthers(handles, choice);
  await activities.recordBranches(choice);
  return choice;
}

/** The runs that the branches will be; ids and marks follow from the parent's. */
async function planRuns(input: BranchesInput): Promise<{ input: RunInput; changes: TriedBranch['changes'] }[]> {
  const { runId, runHex, spec, plan, checkpoint, trial } = input;
  const coordinator = { workflowId: branchesId(runId), trial };
  try {
    const planned = await activities.planBranches({ spec, branches: input.branches });
    return planned.map(({ spec: changed, changes }, index) => {
      const hex = branchHex(runHex, index + 1);
      const parent = parentAt(runId, checkpoint, { plan, changes });
      const branch = { runId: branchRunId(changed.name, hex), runHex: hex, spec: changed, parent, coordinator };
      return { input: branch, changes };
    });
  } catch (error) {
    if (!isCancellation(error)) await activities.recordNoBranches({ runId, reason: rootMessage(error) });
    throw error;
  }
}

/** Neither the end of this workflow nor its cancellation is any of the run's business. */
function startRun(branch: RunInput): Promise<RunHandle> {
  return CancellationScope.nonCancellable(() =>
    startChild<RunWorkflow>(RUN_WORKFLOW_TYPE, {
      workflowId: branch.runId,
      workflowIdReusePolicy: 'REJECT_DUPLICATE',
      workflowTaskTimeout: RUN_TASK_TIMEOUT,
      parentClosePolicy: 'ABANDON',
      args: [branch],
    }),
  );
}

/** A branch that failed, was cancelled or terminated has nothing more to say, and must not be waited for. */
async function hearEnd(handle: RunHandle, tried: TriedBranch[]): Promise<void> {
  const ended = await handle.result().then(
    ({ outcome }) => outcome,
    (error: unknown) => (isCancellation(error) ? 'cancelled' : `failed: ${rootMessage(error)}`),
  );
  update(tried, handle.workflowId, (branch) => ({ ...branch, ended }));
}

/** Scores beyond the trial are no part of the comparison: each has the same number. */
function scored(branch: TriedBranch, score: BranchScore, trial: number): TriedBranch {
  if (branch.evaluated >= trial) return branch;
  return { ...branch, evaluated: branch.evaluated + 1, score };
}

function update(tried: TriedBranch[], runId: string, change: (branch: TriedBranch) => TriedBranch): void {
  const index = tried.findIndex((branch) => branch.runId === runId);
  const branch = tried[index];
  if (branch !== undefined) tried[index] = change(branch);
}

async function stopOthers(
  handles: readonly RunHandle[],
  { branches: tried, chosen, trial }: BranchChoice,
): Promise<void> {
  const winner = tried.find(({ runId }) => runId === chosen);
  if (winner === undefined) return;
  for (const [index, loser] of tried.entries()) {
    const handle = handles[index];
    if (handle === undefined || loser === winner || loser.ended !== undefined) continue;
    await handle.signal(stopSignal, { reason: lossReason(winner, loser, trial) }).catch(unlessCancelled);
  }
}

/** It ended by itself in the meantime: just as well. */
function unlessCancelled(error: unknown): void {
  if (isCancellation(error)) throw error;
}
