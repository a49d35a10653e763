/** What went wrong, in the words of whoever raised it: Temporal's wrappers taken off. */
import { messageOf } from '../errors.ts';

/** The message below Temporal's "Activity task failed" and "Workflow execution failed". */
export function failureMessage(error: unknown): string {
  let current = error;
  while (isNamed(current, ...WRAPPERS) && current.cause !== undefined) current = current.cause;
  return messageOf(current);
}

const WRAPPERS = [
  'WorkflowFailedError',
  'WorkflowUpdateFailedError',
  'ActivityFailure',
  'ChildWorkflowFailure',
] as const;

type TemporalFailure =
  | (typeof WRAPPERS)[number]
  | 'QueryNotRegisteredError'
  | 'ServiceError'
  | 'TerminatedFailure'
  | 'WorkflowExecutionAlreadyStartedError'
  | 'WorkflowNotFoundError'
  | 'WorkflowUpdateRPCTimeoutOrCancelledError';

/** By the name that the SDK gives its classes: they themselves are read only by who asks a server (`sdk.ts`). */
export function isNamed(error: unknown, ...names: readonly TemporalFailure[]): error is Error {
  return error instanceof Error && names.some((name) => name === error.name);
}
