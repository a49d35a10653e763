/** Where a run asks an alias for a promotion: the alias's workflow, begun if nobody is there. */
import type { Client } from '@temporalio/client';
import type { PromotionDesk } from '../activities/promotion/promotion.ts';
import { aliasWorkflowId, PROMOTIONS_WORKFLOW_TYPE } from '../domain/words/promotion.ts';
import { RUN_TASK_TIMEOUT } from '../domain/words/names.ts';
import { aliasRequestSignal } from '../workflows/run/messages.ts';

export function openPromotionDesk(client: Client, taskQueue: string): PromotionDesk {
  return {
    async ask(request, signal) {
      const { alias } = request.gate;
      await client.withAbortSignal(signal, () =>
        client.workflow.signalWithStart(PROMOTIONS_WORKFLOW_TYPE, {
          workflowId: aliasWorkflowId(alias, taskQueue),
          taskQueue,
          workflowTaskTimeout: RUN_TASK_TIMEOUT,
          args: [alias],
          signal: aliasRequestSignal,
          signalArgs: [request],
        }),
      );
    },
  };
}
