/** Numbers in a trainer's answers. */
import { z } from 'zod';

/**
 * JSON has no NaN: a diverged model's numbers arrive as null. There may be millions of them, and a schema per number
 * costs more than reading the reply.
 */
export const Floats = z
  .custom<readonly (number | null)[]>(
    (value) => Array.isArray(value) && value.every((item) => item === null || typeof item === 'number'),
    'expected an array of numbers',
  )
  .transform((values) => values.map((value) => value ?? Number.NaN));

/** Metrics are free-form; what is not a number is not a metric. */
export const Numbers = z.record(z.string(), z.unknown()).transform((metrics) => {
  const entries = Object.entries(metrics).map(([name, value]) => [name, value === null ? Number.NaN : value] as const);
  return Object.fromEntries(entries.filter((entry): entry is [string, number] => typeof entry[1] === 'number'));
});
