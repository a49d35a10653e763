/** What answers are made of, whatever they are about. */
import { z } from 'zod';

export const time = z.iso.datetime().describe('ISO 8601, UTC');
export const runId = z.string().describe('id of a run');
export const hash = z
  .string()
  .regex(/^[0-9a-f]{64}$/)
  .describe('sha256, in hexadecimal digits');
export const count = z.int().min(0);
/** What is no finite number has no number in JSON. */
export const measure = z.number().nullable().describe('null: no finite number');

export const place = {
  platform: z.string().optional().describe('where it is rented'),
  account: z.string().optional().describe('of that platform'),
};

export const Change = z
  .strictObject({
    path: z.string().describe('field of the experiment, its sections separated by dots'),
    before: z.unknown().optional().describe('absent: it was not set'),
    after: z.unknown().optional().describe('absent: it is not set any more'),
  })
  .describe('A field of an experiment that differs.');

export const stale = z
  .string()
  .optional()
  .describe('somebody did not answer: what is told is what was recorded, and this is why');

/** Where the next page begins, for the same parameters with this one added. */
export const cursor = z.string().optional().describe('for the next page; absent: this is the last one');
export const cursorQuery = z.string().max(400).optional().describe('`cursor` of the page before');

export function pageLimit(byDefault: number, most: number): z.ZodOptional<z.ZodInt> {
  return z.int().min(1).max(most).optional().describe(`rows of a page; default ${byDefault}, at most ${most}`);
}

export const runParams = z.strictObject({
  run: z.string().max(100).describe('id of the run, a beginning of it that only one run has, or @newest'),
});
