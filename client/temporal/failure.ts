/** What went wrong, in the words of whoever raised it: Temporal's wrappers taken off. */
import { WorkflowFailedError } from '@temporalio/client';
import { ActivityFailure, ChildWorkflowFailure } from '@temporalio/common';
import { messageOf } from '../errors.ts';

/** The message below Temporal's "Activity task failed" and "Workflow execution failed". */
export function failureMessage(error: unknown): string {
  let current = error;
  while (isWrapper(current) && current.cause !== undefined) current = current.cause;
  return messageOf(current);
}

function isWrapper(error: unknown): error is Error {
  return (
    error instanceof WorkflowFailedError || error instanceof ActivityFailure || error instanceof ChildWorkflowFailure
  );
}
