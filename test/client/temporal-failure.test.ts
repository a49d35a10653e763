import { expect, test } from '@jest/globals';
import {
  QueryNotRegisteredError,
  ServiceError,
  WorkflowExecutionAlreadyStartedError,
  WorkflowFailedError,
  WorkflowNotFoundError,
} from '@temporalio/client';
import { ActivityFailure, ApplicationFailure, ChildWorkflowFailure, TerminatedFailure } from '@temporalio/common';
import { failureMessage, isNamed } from '../../client/temporal/failure.ts';

const said = ApplicationFailure.create({ message: 'the shape is gone' });
const activity = new ActivityFailure('Activity task failed', 'plan', '1', 'NON_RETRYABLE_FAILURE', 'worker', said);
const execution = { workflowId: 'run', runId: 'one' };
const child = new ChildWorkflowFailure('default', execution, 'proof', 'NON_RETRYABLE_FAILURE', activity);
const failed = new WorkflowFailedError('Workflow execution failed', child, 'NON_RETRYABLE_FAILURE');

test('the SDK’s failures are known by their names, without its classes', () => {
  expect(isNamed(failed, 'WorkflowFailedError')).toBe(true);
  expect(isNamed(new WorkflowNotFoundError('gone', 'run', undefined), 'WorkflowNotFoundError')).toBe(true);
  expect(isNamed(new ServiceError('refused'), 'ServiceError')).toBe(true);
  expect(isNamed(new QueryNotRegisteredError('unknown', 3), 'QueryNotRegisteredError')).toBe(true);
  expect(isNamed(new TerminatedFailure('by hand'), 'TerminatedFailure')).toBe(true);
  const started = new WorkflowExecutionAlreadyStartedError('there', 'run', 'pawl');
  expect(isNamed(started, 'WorkflowExecutionAlreadyStartedError')).toBe(true);
  expect(isNamed(started, 'WorkflowNotFoundError', 'ServiceError')).toBe(false);
  expect(isNamed('WorkflowFailedError', 'WorkflowFailedError')).toBe(false);
});

test('what went wrong is told without the wrappers around it', () => {
  expect(failureMessage(failed)).toBe('the shape is gone');
});
