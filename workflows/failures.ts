/** Reading failures: Temporal wraps what an activity threw, people want what it said. */
import { ActivityFailure, ApplicationFailure, ChildWorkflowFailure, TimeoutFailure } from '@temporalio/workflow';
import { TIMED_OUT } from '../domain/decide/endings.ts';
import type { FailureType, MachineSight } from '../domain/words/run.ts';

/** The message of the innermost cause: what actually went wrong. */
export function rootMessage(error: unknown): string {
  let current = error;
  while (isWrapper(current) && current.cause !== undefined) current = current.cause;
  if (current instanceof TimeoutFailure && current.cause instanceof Error) return current.cause.message;
  return current instanceof Error ? current.message : String(current);
}

function isWrapper(error: unknown): error is Error {
  return error instanceof ActivityFailure || error instanceof ChildWorkflowFailure;
}

/** The `FailureType` that an activity failed with, if it said one; a call that was tried for days was not available. */
export function failureType(error: unknown): string | undefined {
  const cause = error instanceof ActivityFailure ? error.cause : error;
  if (cause instanceof TimeoutFailure) return TIMED_OUT;
  return cause instanceof ApplicationFailure ? (cause.type ?? undefined) : undefined;
}

/** A machine that will not become ready. */
export function gone(kind: 'trainer' | 'deployment', id: string, { state, detail }: MachineSight): ApplicationFailure {
  const said = detail === undefined ? '' : `: ${detail}`;
  const type: FailureType = kind === 'trainer' ? 'TrainerGone' : 'DeploymentGone';
  return ApplicationFailure.nonRetryable(`${kind} ${id} will not become ready, its state is ${state}${said}`, type);
}
