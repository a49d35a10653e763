/** The schedule of the reconciler: one per task queue, made or brought up to date by every worker that starts. */
import { ScheduleAlreadyRunning, ScheduleOverlapPolicy, type Client, type ScheduleOptions } from '@temporalio/client';
import { RECONCILE_WORKFLOW_TYPE, reconcileScheduleId, type ReconcileInput } from '../domain/words/reconcile.ts';

export async function ensureReconcileSchedule(
  client: Client,
  { taskQueue, everyMs }: { taskQueue: string; everyMs: number },
): Promise<void> {
  const scheduleId = reconcileScheduleId(taskQueue);
  const input: ReconcileInput = { dryRun: false };
  const wanted = {
    spec: { intervals: [{ every: everyMs }] },
    // Missed ones are not made up for: the next one sees everything.
    policies: { overlap: ScheduleOverlapPolicy.SKIP, catchupWindow: '1m' },
    action: {
      type: 'startWorkflow',
      workflowType: RECONCILE_WORKFLOW_TYPE,
      workflowId: scheduleId,
      taskQueue,
      args: [input],
    },
  } as const satisfies Omit<ScheduleOptions, 'scheduleId'>;
  try {
    await client.schedule.create({ scheduleId, ...wanted });
  } catch (error) {
    if (!(error instanceof ScheduleAlreadyRunning)) throw error;
    // Who paused it had a reason.
    await client.schedule.getHandle(scheduleId).update(({ state: { paused, note } }) => ({
      ...wanted,
      state: { paused, ...(note !== undefined && { note }) },
    }));
  }
}
