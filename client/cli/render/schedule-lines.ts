/** Schedules as people read them: when they fire, what came of it, and what did not fire and why. Pure. */
import { localText } from '../../../domain/words/calendar.ts';
import type { Firing, ScheduleSight } from '../../../domain/words/schedule.ts';
import type { ScheduleSpec } from '../../../domain/spec/schedule-spec.ts';
import type { ScheduleDetails, ScheduleSummary } from '../../schedules/schedules.ts';
import { durationText } from './format.ts';
import { table } from './tables.ts';
import { oneLine } from './text.ts';

export function scheduleTable(schedules: readonly ScheduleSummary[]): string {
  const head = ['schedule', 'runs', 'when', 'next', 'last', 'came to'];
  const rows = schedules.map(({ name, spec, sight, pausedSince, last }) => [
    name,
    subjectText(spec),
    calendarText(spec),
    pausedSince === undefined ? nextText(sight, spec.timeZone) : 'paused',
    last === undefined ? '-' : minute(last.nominalAt, spec.timeZone),
    last === undefined ? '-' : `${last.state}${last.subject === undefined ? '' : ` ${last.subject}`}`,
  ]);
  return table(head, rows);
}

export function scheduleLines(schedule: ScheduleDetails): string[] {
  const { name, spec, file, askedBy, createdAt, firings, events, sight } = schedule;
  const { timeZone } = spec;
  return [
    `${name}  ${stateText(schedule)}`,
    `${subjectText(spec)}; ${calendarText(spec)}, ${timeZone}; overlap ${spec.overlap}, catch up ${spec.catchUp}`,
    `${file}, added by ${askedBy} at ${createdAt}`,
    ...(sight === undefined ? [] : [countText(sight)]),
    '',
    firings.length === 0 ? 'nothing was due yet' : firingTable(firings, timeZone),
    ...whyLines(firings, timeZone),
    '',
    ...nextLines(sight, timeZone),
    ...(events.length === 0
      ? []
      : ['', ...events.map(({ at, message }) => oneLine(`${minute(at, timeZone)}  ${message}`))]),
  ];
}

function stateText({ pausedSince, pauseNote, removedAt, sight }: ScheduleDetails): string {
  if (removedAt !== undefined) return `removed at ${removedAt}`;
  if (pausedSince !== undefined) return oneLine(`paused since ${pausedSince}: ${pauseNote ?? ''}`);
  if (sight === undefined) return 'as far as it was recorded';
  const running = sight.running.length;
  return running === 0 ? 'waits for its next time' : `${running} of its runs ${running === 1 ? 'goes' : 'go'} on`;
}

function subjectText({ experiment, sweep }: ScheduleSpec): string {
  const path = experiment ?? sweep ?? '';
  return `${experiment === undefined ? 'sweep ' : ''}${path.slice(path.lastIndexOf('/') + 1)}`;
}

function calendarText({ cron = [], every }: ScheduleSpec): string {
  return [...cron, ...(every === undefined ? [] : [`every ${every}`])].join(' | ');
}

function countText({ taken, skipped, missed }: ScheduleSight): string {
  return `since it was made, by Temporal's count: ${taken} fired, ${skipped} skipped for an overlap, ${missed} missed`;
}

function firingTable(firings: readonly Firing[], timeZone: string): string {
  const head = ['due', 'came to', 'run', 'late', 'took'];
  const rows = firings.map(({ nominalAt, firedAt, endedAt, state, subject }) => [
    second(nominalAt, timeZone),
    state,
    subject ?? '-',
    firedAt === undefined ? '-' : durationText((Date.parse(firedAt) - Date.parse(nominalAt)) / 1_000),
    firedAt === undefined || endedAt === undefined
      ? '-'
      : durationText((Date.parse(endedAt) - Date.parse(firedAt)) / 1_000),
  ]);
  return table(head, rows);
}

/** Too long for a column, and of those that did what was planned nobody asks. */
function whyLines(firings: readonly Firing[], timeZone: string): string[] {
  const whys = firings.flatMap(({ nominalAt, state, reason }) =>
    reason === undefined || state === 'finished' ? [] : [oneLine(`${second(nominalAt, timeZone)} ${state}: ${reason}`)],
  );
  return whys.length === 0 ? [] : ['', ...whys];
}

function nextLines(sight: ScheduleSight | undefined, timeZone: string): string[] {
  if (sight === undefined) return ['no worker could ask Temporal for its next times'];
  if (sight.next.length === 0) return ['it has no next time: its calendar is over'];
  return [`next, ${timeZone}:`, ...sight.next.map((at) => `  ${second(at, timeZone)}  (${at.replace('.000Z', 'Z')})`)];
}

function nextText(sight: ScheduleSight | undefined, timeZone: string): string {
  const [next] = sight?.next ?? [];
  return next === undefined ? '-' : minute(next, timeZone);
}

function second(at: string, timeZone: string): string {
  return localText(Date.parse(at), timeZone);
}

function minute(at: string, timeZone: string): string {
  return second(at, timeZone).slice(0, 'YYYY-MM-DD hh:mm'.length);
}
