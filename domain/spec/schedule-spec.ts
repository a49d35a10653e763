/** The schedule file: which experiment or sweep, when, and what becomes of a time that meets a run that still goes on. */
import { z } from 'zod';
import { NotifySpec } from './notify-spec.ts';
import { durationMs, isZone, PLACEHOLDERS, strangePlaceholders } from '../words/calendar.ts';

const dnsLabel = z
  .string()
  .regex(/^[a-z0-9]([a-z0-9-]{0,29}[a-z0-9])?$/, 'use 1 to 31 lower-case letters, digits and hyphens, e.g. nightly');

const Duration = z
  .string()
  .refine((text) => durationMs(text) !== undefined, 'write a number and s, m, h or d, e.g. 30m or 6h');

/** Temporal looks at the clock by the second. */
const SHORTEST_MS = 1_000;

const Cron = z
  .union([z.string().min(1), z.array(z.string().min(1)).min(1).max(20)], 'write a cron line, or a list of them')
  .transform((cron) => (typeof cron === 'string' ? [cron] : cron));

const Day = z
  .string()
  .refine(
    (text) => /^\d{4}-\d{2}-\d{2}(T\d{2}:\d{2}(:\d{2}(\.\d+)?)?(Z|[+-]\d{2}:\d{2}))?$/.test(text) && isDay(text),
    'write a day, e.g. 2026-12-01, or a time with its offset, e.g. 2026-12-01T06:00:00Z',
  );

function isDay(text: string): boolean {
  return !Number.isNaN(Date.parse(text));
}

/** What becomes of a time at which the run of an earlier one still goes on. */
export const OVERLAPS = ['skip', 'wait', 'cancel-other', 'allow'] as const;
export type Overlap = (typeof OVERLAPS)[number];

const ScheduleFields = z.strictObject({
  name: dnsLabel,
  description: z.string().optional(),
  experiment: z.string().min(1).optional().describe('path of an experiment file, from the schedule file'),
  sweep: z.string().min(1).optional().describe('path of a sweep file, from the schedule file'),
  cron: Cron.optional().describe('minute hour day month weekday; several are a list'),
  every: Duration.optional().describe('e.g. 6h: counted from 1970, so that 24h is midnight in UTC'),
  timeZone: z
    .string()
    .refine(isZone, 'no time zone is called so. Write its name as in Europe/Berlin, or UTC')
    .default('UTC')
    .describe('whose clock cron, from, until and {date} go by'),
  jitter: Duration.optional().describe('each time is late by some part of this, so that not everything starts at once'),
  overlap: z.enum(OVERLAPS).default('skip').describe('where the run of an earlier time still goes on'),
  catchUp: Duration.default('1h').describe('a time at which Temporal was away is made up for if it is no older'),
  from: Day.optional().describe('nothing before'),
  until: Day.optional().describe('nothing after'),
  pauseOnFailure: z.boolean().default(false).describe('a run that fails pauses the schedule'),
  onlyIfChanged: z
    .boolean()
    .default(false)
    .describe('nothing is rented where the data is that of the last run which finished'),
  set: z
    .record(z.string().min(1), z.unknown())
    .default({})
    .describe(`fields that are changed, e.g. data.train: logs/{date}.jsonl; there are ${PLACEHOLDERS.join(', ')}`),
  startFrom: z
    .string()
    .regex(/^alias:[a-z0-9]([a-z0-9-]{0,29}[a-z0-9])?$/, 'use alias:<name>')
    .optional()
    .describe('each run begins with the weights that the alias stands for then'),
  notify: NotifySpec.optional().describe('who is told that it fired, or did not'),
});

type Fields = z.output<typeof ScheduleFields>;

export const ScheduleSpec = ScheduleFields.superRefine((schedule, context) => {
  for (const { path, message } of contradictions(schedule)) context.addIssue({ code: 'custom', path, message });
});
export type ScheduleSpec = z.output<typeof ScheduleSpec>;

interface Fault {
  readonly path: string[];
  readonly message: string;
}

function contradictions(schedule: Fields): Fault[] {
  return [...subjectFaults(schedule), ...calendarFaults(schedule), ...setFaults(schedule)];
}

function subjectFaults({ experiment, sweep, onlyIfChanged }: Fields): Fault[] {
  if (experiment === undefined && sweep === undefined) {
    return [{ path: ['experiment'], message: 'nothing is named to be run. Add experiment: FILE, or sweep: FILE' }];
  }
  if (experiment !== undefined && sweep !== undefined) {
    return [{ path: ['sweep'], message: 'give experiment or sweep, not both' }];
  }
  return onlyIfChanged && sweep !== undefined
    ? [
        {
          path: ['onlyIfChanged'],
          message: 'is asked of an experiment’s data; trials of a sweep may have any. Leave it out',
        },
      ]
    : [];
}

function calendarFaults({ cron, every, from, until }: Fields): Fault[] {
  const faults: Fault[] = [];
  if (cron === undefined && every === undefined) {
    faults.push({ path: ['cron'], message: 'it would never fire. Add cron: "0 3 * * *", or every: 6h' });
  }
  if ((durationMs(every ?? '') ?? SHORTEST_MS) < SHORTEST_MS) {
    faults.push({ path: ['every'], message: 'is less than a second. Write 1s or more' });
  }
  if (from !== undefined && until !== undefined && Date.parse(until) <= Date.parse(from)) {
    faults.push({ path: ['until'], message: `is not after from (${from}), so it would never fire. Move one of them` });
  }
  return faults;
}

function setFaults({ set, startFrom }: Fields): Fault[] {
  const strange = Object.entries(set).flatMap(([field, value]) =>
    strangePlaceholders(value).map((name) => ({
      path: ['set', field],
      message: `nothing is known as ${name}. There are ${PLACEHOLDERS.join(', ')}`,
    })),
  );
  const twice = startFrom !== undefined && 'train.startFrom' in set;
  return twice ? [...strange, { path: ['startFrom'], message: 'stands in set too. Leave one of them out' }] : strange;
}
