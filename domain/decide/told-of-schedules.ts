/** What people are told of a schedule. Pure. */
import type { ScheduleSpec } from '../spec/schedule-spec.ts';
import type { Announcement } from '../words/announcements.ts';
import type { FiringPlan, FiringState } from '../words/schedule.ts';

type Of = Pick<ScheduleSpec, 'name' | 'notify'>;

export function toldOfFiring(schedule: Of, nominalAt: string, plan: FiringPlan): Announcement[] {
  if (plan.kind === 'nothing')
    return [toldOf(schedule, 'schedule.skipped', nominalAt, `started nothing: ${plan.reason}`)];
  return [toldOf(schedule, 'schedule.fired', nominalAt, `started ${plan.kind} ${plan.id}`, { [plan.kind]: plan.id })];
}

export function toldOfUnfired(
  schedule: Of,
  nominalAt: string,
  { state, reason }: { state: Extract<FiringState, 'skipped' | 'missed'>; reason: string },
): Announcement[] {
  return [
    toldOf(schedule, state === 'skipped' ? 'schedule.skipped' : 'schedule.missed', nominalAt, `${state}: ${reason}`),
  ];
}

/** By itself, because of what it fired: who paused it by hand knows. */
export function toldOfPause(schedule: Of, nominalAt: string, note: string): Announcement[] {
  return [toldOf(schedule, 'schedule.paused', nominalAt, `paused: ${note}`)];
}

function toldOf(
  { name, notify }: Of,
  kind: Announcement['kind'],
  nominalAt: string,
  what: string,
  data: Announcement['data'] = {},
): Announcement {
  return {
    kind,
    subject: { kind: 'schedule', id: name },
    // Of a schedule that was removed and made again, times that were told are not told again.
    ordinal: nominalAt,
    title: `${name}, due ${nominalAt.replace('.000Z', 'Z')}, ${what}`,
    data: { due: nominalAt, ...data },
    ...(notify !== undefined && { notify }),
  };
}
