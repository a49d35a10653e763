/** So many requests per second, and a second's worth at once; whoever asks for more is told when to come back. */
import type { FastifyInstance } from 'fastify';
import { ApiError } from './errors.ts';

export function limitRate(app: FastifyInstance, perSecond: number, now: () => number = Date.now): void {
  let tokens = perSecond;
  let filledAt = now();
  app.addHook('onRequest', async (request, reply) => {
    if (request.url.startsWith('/sandbox/')) return;
    const at = now();
    tokens = Math.min(perSecond, tokens + ((at - filledAt) / 1000) * perSecond);
    filledAt = at;
    if (tokens >= 1) {
      tokens -= 1;
      return;
    }
    void reply.header('retry-after', '1');
    throw new ApiError('RESOURCE_EXHAUSTED', `more than ${perSecond} requests per second: try again later`);
  });
}
