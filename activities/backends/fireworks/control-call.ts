/** Requests to the control plane, and what their answers have in common. */
import { z } from 'zod';
import { BackendError } from '../../../domain/words/failures-of-calls.ts';
import { endpoint, type Call } from './call.ts';
import type { Settings } from './settings.ts';

/** `path` starts after `/v1/`. */
export function controlCall(
  settings: Settings,
  method: Call['method'],
  path: string,
  options: { readonly query?: Readonly<Record<string, string>>; readonly body?: object } = {},
): Call {
  const reads = method === 'GET' || method === 'DELETE';
  return {
    service: 'controlPlane',
    method,
    url: endpoint(settings.urls.controlPlane, `v1/${path}`, options.query),
    ...(options.body === undefined ? {} : { body: JSON.stringify(options.body) }),
    timeout: reads ? settings.timeouts.controlRead : settings.timeouts.controlWrite,
    retry: settings.retries.controlPlane,
  };
}

/** Protobuf JSON spells 64-bit integers as strings, and leaves out zeros. */
export const Int = z.union([
  z.number(),
  z
    .string()
    .regex(/^-?\d+$/)
    .transform(Number),
]);

/** RFC 3339, with any number of fractional digits; absent if it cannot be read. */
export const Timestamp = z
  .string()
  .optional()
  .transform((text) => {
    const ms = text === undefined ? Number.NaN : Date.parse(text);
    return Number.isNaN(ms) ? undefined : new Date(ms);
  });

const StatusObject = z
  .object({ message: z.string().optional(), detail: z.string().optional(), details: z.unknown().optional() })
  .nullish()
  .catch(undefined);

/** The fields that may carry a sentence for people. */
export const Spoken = z.object({
  statusMessage: z.string().nullish(),
  message: z.string().nullish(),
  status: StatusObject,
});

/** The best sentence the platform gave, if any. */
export function detailOf(row: z.output<typeof Spoken>): string | undefined {
  const { details } = row.status ?? {};
  const candidates = [
    row.statusMessage,
    row.message,
    row.status?.message,
    row.status?.detail,
    typeof details === 'string' ? details : undefined,
  ];
  return candidates.find((text): text is string => typeof text === 'string' && text !== '');
}

/** The value, or undefined where the answer was that status. */
export async function unlessStatus<T>(status: number, sending: Promise<T>): Promise<T | undefined> {
  try {
    return await sending;
  } catch (error) {
    if (error instanceof BackendError && error.status === status) return undefined;
    throw error;
  }
}

/** Answers whose content does not matter. */
export const Anything = z.unknown();
