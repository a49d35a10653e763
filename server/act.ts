/** Requests that change something: done once under their key, and written down with who asked. */
import type { FastifyRequest } from 'fastify';
import { freshDigits, type Attempt, type Done } from '../client/access/requests.ts';
import { IDEMPOTENCY_KEY, KEY_PATTERN } from './openapi.ts';
import { KINDS, Problem, problemOf } from './problem.ts';
import type { Caller, Route } from './route.ts';
import type { Services } from './services.ts';

export interface Acting {
  readonly route: Route;
  readonly request: FastifyRequest;
  readonly caller: Caller;
  readonly work: (attempt: Attempt) => Promise<Done>;
}

export async function act({ runs }: Services, acting: Acting): Promise<Done> {
  const { route, request, caller, work } = acting;
  const key = keyOf(request);
  const note = async (status: number): Promise<void> => {
    const { owner, role } = caller;
    await runs.audit.note({ owner, role, action: route.id, address: request.url, status, request: request.id });
  };
  try {
    const done = await (key === undefined
      ? work({ hex: freshDigits(), again: false })
      : runs.requests.once({ owner: caller.owner, key, address: addressOf(request), body: bodyOf(request) }, work));
    await note(done.status);
    return done;
  } catch (error) {
    // That it was refused is on record too; a store that is away has no record.
    await note(KINDS[problemOf(error).kind].status).catch(() => undefined);
    throw error;
  }
}

function keyOf({ headers }: FastifyRequest): string | undefined {
  const key = headers[IDEMPOTENCY_KEY.toLowerCase()];
  if (key === undefined) return undefined;
  if (typeof key === 'string' && new RegExp(KEY_PATTERN).test(key)) return key;
  throw new Problem('invalid-request', {
    detail: `${IDEMPOTENCY_KEY}: use 1 to 200 visible characters, without spaces.`,
    errors: [{ detail: 'not a key', parameter: IDEMPOTENCY_KEY }],
  });
}

function addressOf({ method, url }: FastifyRequest): string {
  return `${method} ${url}`;
}

function bodyOf({ body }: FastifyRequest): string {
  return typeof body === 'string' ? body : '';
}
