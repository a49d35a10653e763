/** What a schedule has done for it. */
import { proxyActivities } from '@temporalio/workflow';
import type { ScheduleActivities } from '../../domain/words/schedule.ts';
import { CALL, COMMON } from '../activities.ts';

/** Its data may have to be tokenized, to see whether it changed; another attempt goes on where a dead worker left it. */
const { openFiring } = proxyActivities<ScheduleActivities>({
  ...COMMON,
  heartbeatTimeout: '30s',
  startToCloseTimeout: '4d',
  retry: { ...COMMON.retry, maximumAttempts: 16 },
});

const { lookFired } = proxyActivities<ScheduleActivities>(CALL);

/** Whoever writes has the patience. */
const { closeFiring } = proxyActivities<ScheduleActivities>({ ...COMMON, startToCloseTimeout: '5m' });

/** Somebody waits for the answer. */
const { orderSchedule, auditSchedules } = proxyActivities<ScheduleActivities>({
  ...COMMON,
  startToCloseTimeout: '5m',
  retry: { ...COMMON.retry, maximumAttempts: 5 },
});

export const scheduleActivities: ScheduleActivities = {
  openFiring,
  lookFired,
  closeFiring,
  orderSchedule,
  auditSchedules,
};
