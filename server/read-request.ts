/** Requests read through the schemas of their route: everything is `unknown` before, and each fault is named. */
import { z } from 'zod';
import { messageOf } from '../client/errors.ts';
import { Problem, pointerTo, type Fault } from './problem.ts';
import type { Route } from './route.ts';

type FieldKind = 'number' | 'boolean' | 'array' | 'string';

/** What an address says is text; its schema says what is meant by it. */
export type AddressReader = (raw: unknown, where: 'query' | 'path') => unknown;

/** Made once for a route: of each field what kind it is. */
export function addressReader(schema: z.ZodObject): AddressReader {
  const kinds = new Map(Object.entries(schema.shape).map(([name, field]) => [name, kindOf(field as z.ZodType)]));
  return (raw, where) => {
    const values = Object.entries((raw ?? {}) as Record<string, unknown>).map(([name, value]) => [
      name,
      meant(value, kinds.get(name)),
    ]);
    const parsed = schema.safeParse(Object.fromEntries(values));
    if (parsed.success) return parsed.data;
    const errors = parsed.error.issues.flatMap((issue) => addressFaults(issue, [...kinds.keys()]));
    throw new Problem('invalid-request', {
      detail: `The ${where} of the request: ${errors.map(({ detail }) => detail).join('; ')}.`,
      errors,
    });
  };
}

function kindOf(field: z.ZodType): FieldKind {
  const { type } = z.toJSONSchema(field, { io: 'input' });
  if (type === 'integer' || type === 'number') return 'number';
  return type === 'boolean' || type === 'array' ? type : 'string';
}

function meant(value: unknown, kind: FieldKind | undefined): unknown {
  if (kind === 'array') return Array.isArray(value) ? value : [value];
  if (typeof value !== 'string') return value;
  if (kind === 'number' && /^-?\d+(\.\d+)?$/.test(value)) return Number(value);
  if (kind === 'boolean' && (value === 'true' || value === 'false')) return value === 'true';
  return value;
}

function addressFaults(issue: z.core.$ZodIssue, known: readonly string[]): Fault[] {
  if (issue.code === 'unrecognized_keys') {
    const there = known.length === 0 ? 'there are none' : `there are ${known.join(', ')}`;
    return issue.keys.map((name) => ({ detail: `there is no parameter "${name}", ${there}`, parameter: name }));
  }
  const name = String(issue.path[0] ?? '');
  return [{ detail: `${name}: ${issue.message}`, parameter: name }];
}

/** Of a route that reads JSON. */
export function readBody({ body: schema }: Pick<Route, 'body'>, text: string): unknown {
  if (schema === undefined) {
    if (text === '') return undefined;
    throw new Problem('invalid-request', { detail: 'This operation takes no body.' });
  }
  const parsed = schema.safeParse(jsonOf(text));
  if (parsed.success) return parsed.data;
  const errors = parsed.error.issues.flatMap(bodyFaults);
  throw new Problem('invalid-request', { detail: errors.map(({ detail }) => detail).join('; '), errors });
}

/** A body that may be left out stands for an empty section. */
function jsonOf(text: string): unknown {
  if (text === '') return {};
  try {
    return JSON.parse(text) as unknown;
  } catch (cause) {
    throw new Problem('invalid-request', { detail: `The body is not JSON: ${messageOf(cause)}.` }, { cause });
  }
}

function bodyFaults(issue: z.core.$ZodIssue): Fault[] {
  const paths =
    issue.code === 'unrecognized_keys' ? issue.keys.map((name) => [...issue.path, name]) : [[...issue.path]];
  return paths.map((path) => {
    const what = issue.code === 'unrecognized_keys' ? 'there is no such field' : issue.message;
    return {
      detail: `${path.length === 0 ? 'the body' : path.map(String).join('.')}: ${what}`,
      pointer: pointerTo(path),
    };
  });
}
