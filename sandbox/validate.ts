/** Requests are unknown until a schema has read them; a refusal names the field and what is wrong with it. */
import { z } from 'zod';
import { ApiError } from './errors.ts';

/** The parsed value, or an error of the given status. */
export function parse<Schema extends z.ZodType>(schema: Schema, value: unknown, status = 400): z.output<Schema> {
  const result = schema.safeParse(value);
  if (result.success) return result.data;
  const problems = result.error.issues.slice(0, 5).map((issue) => {
    const path = issue.path.map(String).join('.');
    return path === '' ? issue.message : `${path}: ${issue.message}`;
  });
  throw new ApiError('INVALID_ARGUMENT', problems.join('; '), status);
}

const LABEL = /^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$/;

/** The id of a job, deployment or checkpoint: safe in a path and in a file name. */
export const DnsLabel = z
  .string()
  .regex(LABEL, 'must be 1 to 63 lower-case letters, digits or hyphens, beginning and ending with a letter or digit');
