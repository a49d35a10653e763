/** What people are told while a run waits for capacity: once for each of these times, and not for every look. Pure. */
import type { Announcement } from '../words/announcements.ts';

const WAITING_HOURS = [0.25, 1, 4, 12, 24, 48] as const;

const HOUR_MS = 3_600_000;

/** Since when a trainer waits for capacity, for its run. */
export interface CapacityWait {
  readonly runId: string;
  readonly sinceMs: number;
}

export function toldOfWaiting(
  { runId, sinceMs }: CapacityWait,
  trainerId: string,
  { nowMs, said }: { readonly nowMs: number; readonly said: string },
): Announcement[] {
  const passed = WAITING_HOURS.filter((hours) => nowMs - sinceMs >= hours * HOUR_MS).at(-1);
  if (passed === undefined) return [];
  return [
    {
      kind: 'run.waiting',
      subject: { kind: 'run', id: runId },
      ordinal: `${trainerId}/${sinceMs}/${passed}`,
      title: `${runId} has waited for capacity for ${passed} h: ${said}`,
      data: { hours: passed, trainer: trainerId, since: new Date(sinceMs).toISOString() },
    },
  ];
}
