/** How Temporal's view of a workflow becomes an outcome and a reason to wait. Pure. */
import type { WorkflowExecutionDescription, WorkflowExecutionInfo } from '@temporalio/client';
import type { Payload } from '@temporalio/common';
import { messageOf } from '../errors.ts';
import type { RunOutcome } from '../../domain/words/run.ts';
import type { Waiting } from '../runs/run-view.ts';

type StatusName = WorkflowExecutionInfo['status']['name'];

/** Started and first task scheduled: what the history of a run holds until a worker takes it. */
const EVENTS_BEFORE_A_WORKER = 2;

const STUCK_ATTEMPTS = 4;

const OVER: Partial<Record<StatusName, RunOutcome>> = {
  COMPLETED: 'finished',
  FAILED: 'failed',
  CANCELLED: 'cancelled',
  TERMINATED: 'crashed',
  TIMED_OUT: 'crashed',
};

export function outcomeOf(info: {
  status: { name: StatusName };
  historyLength: number;
  cancelRequested?: boolean;
}): RunOutcome {
  const over = OVER[info.status.name];
  if (over !== undefined) return over;
  if (info.cancelRequested === true) return 'cancelling';
  return info.historyLength <= EVENTS_BEFORE_A_WORKER ? 'pending' : 'running';
}

export function cancelRequested({ raw }: WorkflowExecutionDescription): boolean {
  return raw.workflowExtendedInfo?.cancelRequested === true;
}

/**
 * A run that workers take but cannot continue: their code does not lead to its history. Nothing is lost by it; it goes on
 * with a worker whose code does. Workers that die leave one failed attempt or two.
 */
export function stuckOf({ raw }: Pick<WorkflowExecutionDescription, 'raw'>): Waiting | undefined {
  const attempt = raw.pendingWorkflowTask?.attempt ?? 1;
  if (attempt < STUCK_ATTEMPTS) return undefined;
  const message =
    'its worker cannot continue it, as the worker’s log explains; if pawl was changed, start the version that ran it before';
  return { message, attempt };
}

/** The activity that has been tried most often, if one is being tried again. */
export function retryOf({ raw }: Pick<WorkflowExecutionDescription, 'raw'>): Waiting | undefined {
  const retried = (raw.pendingActivities ?? [])
    .filter(({ lastFailure }) => lastFailure !== undefined && lastFailure !== null)
    .sort((a, b) => (b.attempt ?? 0) - (a.attempt ?? 0));
  const [worst] = retried;
  if (worst === undefined) return undefined;
  const name = worst.activityType?.name ?? 'an activity';
  return {
    message: `${name}: ${messageOf(worst.lastFailure?.message ?? 'failed')}`,
    attempt: worst.attempt ?? 1,
  };
}

/** What an activity that is under way said in its last heartbeat; undefined where none says anything. */
export function heartbeatOf({ raw }: Pick<WorkflowExecutionDescription, 'raw'>): Payload | undefined {
  const [payload] = (raw.pendingActivities ?? []).flatMap(({ heartbeatDetails }) => heartbeatDetails?.payloads ?? []);
  return payload;
}
