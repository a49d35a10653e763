/**
 * What a schedule starts at each of its times: plans the run or sweep, starts it, and is there until that is over, so that an
 * overlap is one of runs and not of submissions. The run outlives it; asked for the same time again, it finds the same run.
 */
import { defineSearchAttributeKey } from '@temporalio/common';
import {
  CancellationScope,
  ChildWorkflowFailure,
  isCancellation,
  ParentClosePolicy,
  sleep,
  startChild,
  workflowInfo,
} from '@temporalio/workflow';
import { RUN_TASK_TIMEOUT, RUN_WORKFLOW_TYPE } from '../../domain/words/names.ts';
import type { FiringEnd, FiringPlan, Schedule } from '../../domain/words/schedule.ts';
import { SWEEP_WORKFLOW_TYPE } from '../../domain/words/sweep-workflow.ts';
import { rootMessage } from '../failures.ts';
import { scheduleActivities as activities } from './activities.ts';

const SCHEDULED_AT = defineSearchAttributeKey('TemporalScheduledStartTime', 'DATETIME');

type Started = Exclude<FiringPlan, { kind: 'nothing' }>;

/** Soon at first; then what a run took so far says how long it may still take. */
const SOON_MS = 2_000;
const RARELY_MS = 1_800_000;

export async function firing(schedule: Schedule): Promise<FiringEnd | undefined> {
  const fired = { schedule, nominalAt: nominalAt() };
  const end = await endOf(fired);
  if (end === undefined) return undefined;
  await CancellationScope.nonCancellable(() => activities.closeFiring({ ...fired, ...end }));
  return end;
}

/** Undefined: nothing was started, which is on record. */
async function endOf(fired: { schedule: Schedule; nominalAt: string }): Promise<FiringEnd | undefined> {
  try {
    const plan = await activities.openFiring(fired);
    return plan.kind === 'nothing' ? undefined : await watch(plan);
  } catch (error) {
    return { state: wasCancelled(error) ? 'cancelled' : 'failed', reason: rootMessage(error) };
  }
}

async function watch(plan: Started): Promise<FiringEnd> {
  try {
    const child = await startChild(plan.kind === 'run' ? RUN_WORKFLOW_TYPE : SWEEP_WORKFLOW_TYPE, {
      workflowId: plan.id,
      workflowIdReusePolicy: 'REJECT_DUPLICATE',
      parentClosePolicy: ParentClosePolicy.ABANDON,
      ...(plan.kind === 'run' && { workflowTaskTimeout: RUN_TASK_TIMEOUT }),
      args: [plan.input],
    });
    const report = (await child.result()) as { readonly reason: string };
    return { state: 'finished', reason: report.reason };
  } catch (error) {
    if (isStarted(error)) return untilOver(plan.id);
    throw error;
  }
}

/** Started by an earlier firing of the same time: it is not this workflow's child, and is asked after. */
async function untilOver(id: string): Promise<FiringEnd> {
  const sinceMs = Date.now();
  for (;;) {
    const end = await activities.lookFired({ id });
    if (end !== null) return end;
    await sleep(Math.min(RARELY_MS, Math.max(SOON_MS, (Date.now() - sinceMs) / 10)));
  }
}

/** When it was due, by the schedule; by hand in Temporal itself, when it was started. */
function nominalAt(): string {
  const { typedSearchAttributes, startTime } = workflowInfo();
  return (typedSearchAttributes.get(SCHEDULED_AT) ?? startTime).toISOString();
}

function wasCancelled(error: unknown): boolean {
  return isCancellation(error) || (error instanceof ChildWorkflowFailure && isCancellation(error.cause));
}

function isStarted(error: unknown): boolean {
  return error instanceof Error && error.name === 'WorkflowExecutionAlreadyStartedError';
}
