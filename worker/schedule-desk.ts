/** Schedules at Temporal: one per schedule and task queue, whose action is the workflow of a firing. */
import {
  ScheduleAlreadyRunning,
  ScheduleNotFoundError,
  ScheduleOverlapPolicy,
  type Client,
  type ScheduleDescription,
  type ScheduleHandle,
  type ScheduleOptions,
} from '@temporalio/client';
import { msToTs, tsToMs } from '@temporalio/common/lib/time.js';
import type { ScheduleDesk } from '../activities/schedule/desk.ts';
import { durationMs } from '../domain/words/calendar.ts';
import type { Overlap } from '../domain/spec/schedule-spec.ts';
import {
  FIRING_WORKFLOW_TYPE,
  firingWorkflowId,
  temporalScheduleId,
  type Refusal,
  type Schedule,
  type ScheduleSight,
} from '../domain/words/schedule.ts';

type Wanted = Omit<ScheduleOptions, 'scheduleId' | 'memo' | 'state'>;

/** `wait`: of several that are due meanwhile one waits, as for a run by hand and by calendar; backfilled, all of them. */
const POLICIES = {
  skip: ScheduleOverlapPolicy.SKIP,
  wait: ScheduleOverlapPolicy.BUFFER_ONE,
  'cancel-other': ScheduleOverlapPolicy.CANCEL_OTHER,
  allow: ScheduleOverlapPolicy.ALLOW_ALL,
} as const satisfies Record<Overlap, ScheduleOverlapPolicy>;

const BACKFILLED = { ...POLICIES, wait: ScheduleOverlapPolicy.BUFFER_ALL } as const;

/** No calendar is tried out under it by anybody else: a worker does one at a time. */
const TRIAL = '-tried-out';

export function openScheduleDesk(client: Client, taskQueue: string): ScheduleDesk {
  const idOf = (name: string): string => temporalScheduleId(taskQueue, name);
  const handleOf = (name: string): ScheduleHandle => client.schedule.getHandle(idOf(name));

  function wantedOf(schedule: Schedule): Wanted {
    const { name, cron, every, timeZone, jitter, from, until, overlap, catchUp } = schedule.spec;
    return {
      spec: {
        ...(cron !== undefined && { cronExpressions: cron }),
        ...(every !== undefined && { intervals: [{ every: durationMs(every) ?? 0 }] }),
        timezone: timeZone,
        ...(jitter !== undefined && { jitter: durationMs(jitter) ?? 0 }),
        ...(from !== undefined && { startAt: new Date(from) }),
        ...(until !== undefined && { endAt: new Date(until) }),
      },
      policies: { overlap: POLICIES[overlap], catchupWindow: durationMs(catchUp) ?? 0 },
      action: {
        type: 'startWorkflow',
        workflowType: FIRING_WORKFLOW_TYPE,
        workflowId: idOf(name),
        taskQueue,
        args: [schedule],
      },
    };
  }

  return {
    async tryOut(schedule) {
      const scheduleId = `${idOf(schedule.spec.name)}${TRIAL}`;
      try {
        await putPaused(client, scheduleId, wantedOf(schedule));
        const { info } = await client.schedule.getHandle(scheduleId).describe();
        return info.nextActionTimes.length > 0 ? [] : [neverFires(schedule)];
      } catch (error) {
        const refusal = refusalOf(error);
        if (refusal === undefined) throw error;
        return [refusal];
      } finally {
        await client.schedule.getHandle(scheduleId).delete().catch(ignoreUnknown);
      }
    },

    async put(schedule) {
      const wanted = wantedOf(schedule);
      const scheduleId = idOf(schedule.spec.name);
      try {
        await client.schedule.create({ scheduleId, ...wanted });
      } catch (error) {
        if (!(error instanceof ScheduleAlreadyRunning)) throw error;
        await client.schedule.getHandle(scheduleId).update(({ state: { paused, note } }) => ({
          ...wanted,
          state: { paused, ...(note !== undefined && { note }) },
        }));
      }
    },

    async look(name) {
      try {
        return sightOf(await handleOf(name).describe(), idOf(name));
      } catch (error) {
        if (error instanceof ScheduleNotFoundError) return undefined;
        throw error;
      }
    },

    pause: async (name, note) => handleOf(name).pause(note),
    resume: async (name, note) => handleOf(name).unpause(note),
    fire: async (name, overlap) => handleOf(name).trigger(overlap && POLICIES[overlap]),

    backfill: async (name, { from, until, overlap }) =>
      handleOf(name).backfill({ start: from, end: until, overlap: BACKFILLED[overlap] }),

    remove: async (name) => {
      await handleOf(name).delete().catch(ignoreUnknown);
    },

    async due(name, { from, until }) {
      const { startTime } = await client.workflowService.listScheduleMatchingTimes({
        namespace: client.options.namespace,
        scheduleId: idOf(name),
        startTime: msToTs(from.getTime()),
        endTime: msToTs(until.getTime()),
      });
      return (startTime ?? []).map((at) => new Date(tsToMs(at)));
    },

    workflowId: (name, nominalMs) => firingWorkflowId(idOf(name), nominalMs),
  };
}

/** One that a worker left there when it died is taken over. */
async function putPaused(client: Client, scheduleId: string, wanted: Wanted): Promise<void> {
  try {
    await client.schedule.create({ scheduleId, ...wanted, state: { paused: true } });
  } catch (error) {
    if (!(error instanceof ScheduleAlreadyRunning)) throw error;
    await client.schedule.getHandle(scheduleId).update(() => ({ ...wanted, state: { paused: true } }));
  }
}

function neverFires({ spec: { cron, every } }: Schedule): Refusal {
  if (cron === undefined) return { path: ['every'], message: `${every ?? ''} comes to no time between from and until` };
  return {
    path: ['cron'],
    message: `${cron.join(', ')} never comes (such as 30 February), or not between from and until`,
  };
}

/** What the server says of a calendar that it cannot read. */
function refusalOf(error: unknown): Refusal | undefined {
  // The client makes a TypeError of what the server calls an invalid argument.
  if (!(error instanceof TypeError)) return undefined;
  const path = error.message.includes('time zone') ? ['timeZone'] : ['cron'];
  return { path, message: `${error.message}. Write minute hour day month weekday, e.g. "30 3 * * mon-fri"` };
}

function ignoreUnknown(error: unknown): void {
  if (!(error instanceof ScheduleNotFoundError)) throw error;
}

function sightOf({ state, info }: ScheduleDescription, id: string): ScheduleSight {
  const { nextActionTimes, numActionsTaken, numActionsSkippedOverlap, numActionsMissedCatchupWindow } = info;
  return {
    paused: state.paused,
    ...(state.note !== undefined && state.note !== '' && { note: state.note }),
    next: nextActionTimes.map((at) => at.toISOString()),
    taken: numActionsTaken,
    skipped: numActionsSkippedOverlap,
    missed: numActionsMissedCatchupWindow,
    running: info.runningActions.map(({ workflow }) =>
      new Date(workflow.workflowId.slice(id.length + 1)).toISOString(),
    ),
  };
}
