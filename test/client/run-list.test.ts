/** The list of runs, from the store and from Temporal; and what Temporal says of one, in pawl's words. */
import { describe, expect, test } from '@jest/globals';
import { ActivityFailure, ApplicationFailure } from '@temporalio/common';
import { WorkflowFailedError } from '@temporalio/client';
import { mergeRuns, resolveRun } from '../../client/runs/run-list.ts';
import { newRunInput } from '../../client/runs/run-id.ts';
import { outcomeOf, retryOf, stuckOf } from '../../client/temporal/execution.ts';
import { failureMessage } from '../../client/temporal/failure.ts';
import { RUN_ID, SPEC, STORED } from './examples.ts';

type Execution = Parameters<typeof mergeRuns>[1][number];

/** The part of Temporal's answer that is looked at. */
function execution(workflowId: string, name: Execution['status']['name'], startTime: string): Execution {
  return { workflowId, status: { name }, historyLength: 20, startTime: new Date(startTime) } as Execution;
}

describe('the list', () => {
  const waiting = 'waiting-1a2b3c4d';

  test('has runs that no worker took yet, newest first', () => {
    const runs = mergeRuns([STORED], [execution(waiting, 'RUNNING', '2026-11-23T17:00:00.000Z')], 10);
    expect(runs.map(({ runId }) => runId)).toEqual([waiting, RUN_ID]);
  });

  test('a run that was terminated behind its own back has crashed', () => {
    const [run] = mergeRuns([STORED], [execution(RUN_ID, 'TERMINATED', STORED.createdAt)], 10);
    expect(run).toMatchObject({ outcome: 'crashed', phase: 'train', step: 100, steps: 400 });
  });

  test('a run that a worker took is not pending, however short its history seems in the list', () => {
    const listed = { ...execution(RUN_ID, 'RUNNING', STORED.createdAt), historyLength: 0 };
    expect(mergeRuns([{ ...STORED, outcome: 'pending' }], [listed], 10)[0]?.outcome).toBe('running');
  });

  test('an end that was recorded is not undone by a list that lags behind', () => {
    const [run] = mergeRuns([{ ...STORED, outcome: 'finished' }], [execution(RUN_ID, 'RUNNING', STORED.createdAt)], 10);
    expect(run?.outcome).toBe('finished');
  });

  test('is as long as was asked for', () => {
    expect(mergeRuns([STORED], [execution(waiting, 'RUNNING', STORED.createdAt)], 1)).toHaveLength(1);
  });
});

describe('the newest run', () => {
  const list = (infos: Execution[]) => ({ list: async () => infos, describe: async () => undefined });

  test('may wait for a worker yet, or be one that Temporal has forgotten', async () => {
    const reader = { listRuns: async () => [STORED] } as unknown as NonNullable<Parameters<typeof resolveRun>[1]>;
    const waiting = execution('waiting-1a2b3c4d', 'RUNNING', '2099-11-23T17:00:00.000Z');
    expect(await resolveRun('@newest', reader, list([waiting]))).toBe('waiting-1a2b3c4d');
    expect(await resolveRun('@newest', reader, list([]))).toBe(RUN_ID);
  });

  test('is none where there is no run', async () => {
    await expect(resolveRun('@newest', undefined, list([]))).rejects.toThrow(/no run yet.*pawl run FILE/);
  });
});

describe('an execution', () => {
  test.each([
    ['RUNNING', 2, false, 'pending'],
    ['RUNNING', 3, false, 'running'],
    ['RUNNING', 30, true, 'cancelling'],
    ['COMPLETED', 30, true, 'finished'],
    ['FAILED', 30, false, 'failed'],
    ['CANCELLED', 30, true, 'cancelled'],
    ['TERMINATED', 30, false, 'crashed'],
    ['TIMED_OUT', 30, false, 'crashed'],
  ] as const)('%s with %d events, cancel requested: %s', (name, historyLength, cancelRequested, outcome) => {
    expect(outcomeOf({ status: { name }, historyLength, cancelRequested })).toBe(outcome);
  });

  test('waits for the activity that was tried most often', () => {
    const raw = {
      pendingActivities: [
        { activityType: { name: 'record' }, attempt: 1 },
        { activityType: { name: 'createTrainer' }, attempt: 2, lastFailure: { message: 'later' } },
        { activityType: { name: 'evaluate' }, attempt: 4, lastFailure: { message: '503\nbusy' } },
      ],
    } as Parameters<typeof retryOf>[0]['raw'];
    expect(retryOf({ raw })).toEqual({ message: 'evaluate: 503 busy', attempt: 4 });
    expect(retryOf({ raw: { ...raw, pendingActivities: [] } })).toBeUndefined();
  });

  test('that workers keep failing to continue is stuck; one whose worker died is not', () => {
    const raw = (attempt: number) => ({ pendingWorkflowTask: { attempt } }) as Parameters<typeof stuckOf>[0]['raw'];
    expect(stuckOf({ raw: raw(4) })).toMatchObject({ attempt: 4, message: expect.stringContaining('cannot continue') });
    expect(stuckOf({ raw: raw(2) })).toBeUndefined();
    expect(stuckOf({ raw: {} })).toBeUndefined();
  });
});

test('a failure is what the activity said, without what Temporal wrapped around it', () => {
  const said = ApplicationFailure.create({ message: 'the key is not allowed to train', cause: new Error('HTTP 403') });
  const activity = new ActivityFailure('Activity task failed', 'plan', '1', 'NON_RETRYABLE_FAILURE', 'w', said);
  const failed = new WorkflowFailedError('Workflow execution failed', activity, 'NON_RETRYABLE_FAILURE');
  expect(failureMessage(failed)).toBe('the key is not allowed to train');
});

test('a run id and everything named after it is a DNS label, and snapshots carry its digits', () => {
  const { runId, runHex } = newRunInput({ ...SPEC, name: 'a'.repeat(31) });
  expect(runId).toMatch(/^a{31}-[0-9a-f]{8}$/);
  expect(runId).toBe(`${'a'.repeat(31)}-${runHex}`);
  expect(`${runId}-trainer`.length).toBeLessThanOrEqual(63);
});
