/** Where a run asks an alias for a promotion: the alias's workflow, begun if nobody is there. */
import type { Client } from '@temporalio/client';
import type { PromotionDesk } from '../activities/promotion.ts';
import { aliasWorkflowId, PROMOTIONS_WORKFLOW_TYPE } from '../workflows/contracts.ts';
import { aliasRequestSignal } from '../workflows/messages.ts';

export function openPromotionDesk(client: Client, taskQueue: string): PromotionDesk {
  return {
    async ask(request, signal) {
      const { alias } = request.gate;
      await client.withAbortSignal(signal, () =>
        client.workflow.signalWithStart(PROMOTIONS_WORKFLOW_TYPE, {
          workflowId: aliasWorkflowId(alias),
          taskQueue,
          // A worker may die while it decides: the default lets the alias wait for ten seconds.
          workflowTaskTimeout: '5s',
          args: [alias],
          signal: aliasRequestSignal,
          signalArgs: [request],
        }),
      );
    },
  };
}
