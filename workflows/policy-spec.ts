/** What is decided by: the policy of an experiment, as data. */
import { z } from 'zod';

const positiveInt = z.number().int().positive();

export const PolicySpec = z.strictObject({
  direction: z.enum(['maximize', 'minimize']).default('maximize'),
  target: z.number().optional().describe('stop as soon as an evaluation scores at least this'),
  patience: positiveInt.optional().describe('stop after this many evaluations without a gain'),
  minGain: z.number().min(0).default(0).describe('what counts as a gain over the best score so far'),
  maxLoss: z.number().positive().optional().describe('stop at once when a step reports a mean loss above this'),
});
export type PolicySpec = z.output<typeof PolicySpec>;
