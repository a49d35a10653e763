/** The activities of promotions as workflows see them: their time-outs and retries. */
import { proxyActivities, type ActivityOptions } from '@temporalio/workflow';
import type { FailureType } from '../../domain/words/run.ts';
import type { PromotionActivities } from '../../domain/words/promotion.ts';

const FINAL: FailureType[] = ['InvalidRequest', 'Unauthorized'];

/** The store, or Temporal: tried until it is there again. */
const OPTIONS = {
  heartbeatTimeout: '5s',
  startToCloseTimeout: '5m',
  retry: { initialInterval: '200ms', backoffCoefficient: 2, maximumInterval: '30s', nonRetryableErrorTypes: FINAL },
} as const satisfies ActivityOptions;

/** The platform copies a model, which may take hours; given up after a day. */
const PROMOTING = { ...OPTIONS, startToCloseTimeout: '3h', scheduleToCloseTimeout: '24h' } as const;

export const { promoteCheckpoint } = proxyActivities<Pick<PromotionActivities, 'promoteCheckpoint'>>(PROMOTING);

export const promotionActivities = proxyActivities<Omit<PromotionActivities, 'promoteCheckpoint'>>(OPTIONS);
