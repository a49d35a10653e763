/** What happens, followed while it happens. */
import { z } from 'zod';
import { route, type Route } from '../route.ts';
import { findRun } from './find.ts';

const followEvents = route({
  method: 'GET',
  role: 'viewer',
  topic: 'Live',
  path: '/v1/events',
  id: 'followEvents',
  summary: 'Follow what happens, of every run or of one, as server-sent events',
  detail:
    'Events are `log` (a line of a run) and `announcement` (what people are to be told); `begin` comes first. Each has an id: whoever comes back with it in `Last-Event-ID` (or `after`) misses nothing and is told nothing twice. A comment is sent where nothing happens for a while.',
  query: z.strictObject({
    run: z.string().min(1).max(100).optional().describe('only of this run'),
    after: z.string().max(40).optional().describe('as Last-Event-ID, which wins; default: from now on'),
  }),
  stream: true,
  answer: z.strictObject({ runId: z.string().optional(), after: z.string().optional() }),
  handle: async (services, { query: { run, after } }) => ({
    ...(run !== undefined && { runId: await findRun(services, run) }),
    ...(after !== undefined && { after }),
  }),
});

export const LIVE_ROUTES: readonly Route[] = [followEvents];
