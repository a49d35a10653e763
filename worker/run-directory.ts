/** Which runs are over, by Temporal's word. */
import { WorkflowNotFoundError, type Client, type WorkflowExecutionStatusName } from '@temporalio/client';
import { UNKNOWN_TO_TEMPORAL, type RunDirectory } from '../activities/upkeep/reconcile.ts';

/** Anything else, such as a status that this version does not know, counts as going on. */
const FATES: Partial<Record<WorkflowExecutionStatusName, string>> = {
  COMPLETED: 'finished',
  FAILED: 'failed',
  CANCELLED: 'was cancelled',
  TERMINATED: 'was terminated',
  TIMED_OUT: 'timed out',
};

export async function openRunDirectory(client: Client): Promise<RunDirectory> {
  const { namespace } = client.options;
  const { namespaceInfo } = await client.workflowService.describeNamespace({ namespace });
  const namespaceId = namespaceInfo?.id ?? '';
  if (namespaceId === '') throw new Error(`Temporal gives namespace ${namespace} no id`);
  return {
    namespaceId,
    async endOf(runId, signal) {
      try {
        const { status, closeTime } = await client.withAbortSignal(signal, () =>
          client.workflow.getHandle(runId).describe(),
        );
        const fate = FATES[status.name];
        return fate === undefined ? undefined : { fate, ...(closeTime !== undefined && { at: closeTime }) };
      } catch (error) {
        if (error instanceof WorkflowNotFoundError) return { fate: UNKNOWN_TO_TEMPORAL };
        throw error;
      }
    },
  };
}
