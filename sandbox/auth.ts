/** Who is let in: the key of the environment, or, without one, anybody who brings any key. */
import { createHash, timingSafeEqual } from 'node:crypto';
import type { FastifyRequest } from 'fastify';
import { ApiError } from './errors.ts';

/** Throws unless the request carries a key in `X-Api-Key` or as a bearer token. */
export function authenticate(request: FastifyRequest, expected: string | undefined): void {
  const key = keyOf(request);
  if (key === undefined || key === '') {
    throw new ApiError('UNAUTHENTICATED', 'no API key: send it as X-Api-Key or Authorization: Bearer');
  }
  if (expected !== undefined && !equal(key, expected))
    throw new ApiError('UNAUTHENTICATED', 'the API key is not valid');
}

function keyOf(request: FastifyRequest): string | undefined {
  const header = request.headers['x-api-key'];
  if (typeof header === 'string' && header !== '') return header;
  return /^Bearer (.+)$/i.exec(request.headers.authorization ?? '')?.[1];
}

function equal(left: string, right: string): boolean {
  const digest = (text: string): Buffer => createHash('sha256').update(text).digest();
  return timingSafeEqual(digest(left), digest(right));
}
