/** Reading failures: Temporal wraps what an activity threw, people want what it said. */
import { ActivityFailure, ApplicationFailure, ChildWorkflowFailure } from '@temporalio/workflow';

/** The message of the innermost cause: what actually went wrong. */
export function rootMessage(error: unknown): string {
  let current = error;
  while (isWrapper(current) && current.cause !== undefined) current = current.cause;
  return current instanceof Error ? current.message : String(current);
}

function isWrapper(error: unknown): error is Error {
  return error instanceof ActivityFailure || error instanceof ChildWorkflowFailure;
}

/** The `FailureType` that an activity failed with, if it said one. */
export function failureType(error: unknown): string | undefined {
  const cause = error instanceof ActivityFailure ? error.cause : error;
  return cause instanceof ApplicationFailure ? (cause.type ?? undefined) : undefined;
}
