/** What is asked of schedules, done by a worker: it alone writes to the store. */
import type { ScheduleAnswer, ScheduleOrder } from '../../domain/words/schedule.ts';
import { scheduleActivities } from './activities.ts';

export async function scheduleOrder(order: ScheduleOrder): Promise<ScheduleAnswer> {
  return scheduleActivities.orderSchedule(order);
}
