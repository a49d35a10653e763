/** The gate of a promotion: what an alias stands for, and what a candidate must show before it does. */
import { z } from 'zod';

export const PROMOTION_ALIAS = /^[a-z0-9]([a-z0-9-]{0,29}[a-z0-9])?$/;

/** At most a year: who is asked should know that the question stands. */
const MAX_EXPIRY_HOURS = 8_784;

export const PromotionSpec = z.strictObject({
  alias: z
    .string()
    .regex(PROMOTION_ALIAS, 'use 1 to 31 lower-case letters, digits and hyphens, e.g. prod')
    .describe('what the champion is known by'),
  suites: z
    .array(z.string().min(1))
    .min(1)
    .optional()
    .describe('suites on every one of which the candidate must be better; default: the main one'),
  margin: z
    .number()
    .min(0)
    .max(1)
    .default(0)
    .describe('the lower bound of the difference must lie above it; 0.01 is a point of a percent'),
  approval: z.boolean().default(false).describe('a person must agree too: `pawl approve`'),
  expiresHours: z.number().positive().max(MAX_EXPIRY_HOURS).default(24).describe('how long approval is waited for'),
  model: z
    .string()
    .regex(/^[a-z0-9][a-z0-9-]{0,39}$/, 'use 1 to 40 lower-case letters, digits and hyphens')
    .optional()
    .describe('how the id of the model begins; default: the name of the run'),
});
export type PromotionSpec = z.output<typeof PromotionSpec>;
