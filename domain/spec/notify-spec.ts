/** `notify:` of an experiment, a sweep or a schedule: which channels of the service are told of what. Nothing secret. */
import { z } from 'zod';
import { EVENT_KINDS } from '../words/event-kinds.ts';

const name = z
  .string()
  .regex(
    /^[a-z0-9]([a-z0-9-]{0,29}[a-z0-9])?$/,
    'use 1 to 31 lower-case letters, digits and hyphens, as in notify.yaml',
  );

/** Channels are defined once for the service; URLs and secrets are those of its workers. */
export const NotifySpec = z.strictObject({
  channels: z.array(name).describe('names of channels in notify.yaml; none: nobody is told'),
  events: z
    .array(z.enum(EVENT_KINDS))
    .min(1)
    .optional()
    .describe('what they are told of; default: all but schedule.fired'),
  rewinds: z.number().int().min(0).optional().describe('run.rewound is told from the next one on; default 3'),
  waitingHours: z
    .number()
    .min(0)
    .optional()
    .describe('run.waiting is told once a run has waited for so long: 0.25, 1, 4, 12, 24 or 48; default 1'),
});
export type NotifySpec = z.output<typeof NotifySpec>;
