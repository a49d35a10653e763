/** The HTTP server: every route of the table, behind the same guards, with the same problems. */
import { randomBytes } from 'node:crypto';
import { Readable } from 'node:stream';
import helmet from '@fastify/helmet';
import rateLimit from '@fastify/rate-limit';
import Fastify, {
  LogController,
  type FastifyBaseLogger,
  type FastifyInstance,
  type FastifyReply,
  type FastifyRequest,
} from 'fastify';
import type { Logger } from 'pino';
import { z } from 'zod';
import { freshDigits, type Attempt, type Done } from '../client/access/requests.ts';
import { mayAct } from '../domain/words/access.ts';
import { act } from './act.ts';
import { docsPage, problemsPage, STYLE } from './docs-page.ts';
import { isKnown, tagOf } from './etag.ts';
import { guard } from './guard.ts';
import { follow, placeOfId } from './live/follow.ts';
import { openApiDocument } from './openapi.ts';
import { KINDS, Problem, problemOf } from './problem.ts';
import { addressReader, readBody } from './read-request.ts';
import { isAction, type Caller, type Route } from './route.ts';
import { ROUTES } from './routes/index.ts';
import type { Services } from './services.ts';

export interface AppOptions {
  readonly services: Services;
  readonly version: string;
  readonly log: Logger;
  /** By which it may be spoken to. */
  readonly names: ReadonlySet<string>;
  /** Who asks; fails where nobody is known by what is presented. */
  readonly identify: (headers: FastifyRequest['headers']) => Promise<Caller>;
  /** Whether every request needs a token. */
  readonly tokens: boolean;
}

/** An experiment is a page of text. */
const BODY_LIMIT = 1024 * 1024;
/** Until a request has come in whole. */
const REQUEST_TIMEOUT_MS = 60_000;
/** Of one caller. */
const REQUESTS_PER_SECOND = 1_000;

declare module 'fastify' {
  interface FastifyRequest {
    caller: Caller | null;
  }
}

/** Stopped by closing the returned server. */
export async function createApp(options: AppOptions): Promise<FastifyInstance> {
  const { services, log, names } = options;
  const loggerInstance: FastifyBaseLogger = log;
  const app = Fastify({
    loggerInstance,
    logController: new LogController({ disableRequestLogging: true }),
    bodyLimit: BODY_LIMIT,
    requestTimeout: REQUEST_TIMEOUT_MS,
    genReqId: () => randomBytes(6).toString('hex'),
    frameworkErrors: (error, request, reply) => void tell(reply, request, error),
    // Streams that are followed have no end of their own.
    forceCloseConnections: true,
  });
  await app.register(helmet, {
    contentSecurityPolicy: {
      useDefaults: false,
      directives: { defaultSrc: ["'none'"], styleSrc: ["'self'"], baseUri: ["'none'"], frameAncestors: ["'none'"] },
    },
    strictTransportSecurity: false,
  });
  await app.register(rateLimit, {
    max: REQUESTS_PER_SECOND,
    timeWindow: 1_000,
    errorResponseBuilder: () =>
      new Problem('too-many-requests', { detail: `At most ${REQUESTS_PER_SECOND} requests a second are heard.` }),
  });
  app.decorateRequest('caller', null);
  app.addHook('onRequest', async ({ headers, method }) => guard(headers, names, method !== 'GET' && method !== 'HEAD'));
  readText(app);
  app.setErrorHandler((error, request, reply) => tell(reply, request, error));
  app.setNotFoundHandler((request, reply) => tell(reply, request, notThere(request, reply)));
  documentRoutes(app, options);
  for (const route of ROUTES) addRoute(app, route, services, options);
  return app;
}

/** Whatever is JSON is read once its route is known. */
function readText(app: FastifyInstance): void {
  app.removeAllContentTypeParsers();
  const types = ['application/json', 'application/yaml', 'application/x-yaml', 'text/yaml'];
  app.addContentTypeParser(types, { parseAs: 'string' }, (_request, body, done) => done(null, body));
}

function addRoute(app: FastifyInstance, route: Route, services: Services, { identify }: AppOptions): void {
  const [readParams, readQuery] = [addressReader(route.params), addressReader(route.query)];
  app.route({
    method: route.method,
    url: route.path.replaceAll(':', '::').replaceAll(/\{(\w+)\}/g, ':$1'),
    onRequest: async (request) => {
      request.caller = await identify(request.headers);
      requireRole(request.caller, route);
    },
    handler: async (request, reply) => {
      const { caller } = request;
      if (caller === null) throw new Problem('unauthenticated', { detail: 'Nobody is known to ask.' });
      const params = readParams(request.params, 'path') as never;
      const query = readQuery(request.query, 'query') as never;
      const body = bodyOf(route, request) as never;
      const work = async (attempt: Attempt): Promise<Done> => {
        const answer = await route.handle(services, { params, query, body, caller, attempt });
        return { status: route.status ?? 200, answer: JSON.stringify(answer) };
      };
      if (route.stream === true) return sendEvents(reply, request, services, await work({ hex: '', again: false }));
      if (isAction(route)) return send(reply, request, await act(services, { route, request, caller, work }));
      return send(reply, request, await work({ hex: freshDigits(), again: false }));
    },
  });
}

function requireRole({ role }: Caller, route: Route): void {
  if (mayAct(role, route.role)) return;
  throw new Problem('forbidden', {
    detail: `A ${role} may not do this: it takes the role ${route.role}.`,
    remedy: 'Use a token of that role: pawl token add --role.',
  });
}

function bodyOf(route: Route, request: FastifyRequest): unknown {
  const type = (request.headers['content-type'] ?? '').split(';', 1)[0]?.trim() ?? '';
  const text = typeof request.body === 'string' ? request.body : '';
  if (route.bodyForm === 'text') return text;
  if (text !== '' && type !== 'application/json') {
    throw new Problem('unsupported-type', { detail: `This operation reads application/json, not ${type}.` });
  }
  return readBody(route, text);
}

function send(reply: FastifyReply, request: FastifyRequest, { status, answer: text }: Done): FastifyReply {
  void reply.status(status).type('application/json; charset=utf-8');
  if (request.method !== 'GET') return reply.send(text);
  const tag = tagOf(text);
  void reply.header('etag', tag).header('cache-control', 'private, no-cache');
  return isKnown(tag, request.headers['if-none-match']) ? reply.status(304).send() : reply.send(text);
}

const Followed = z.object({ runId: z.string().optional(), after: z.string().optional() });

/** Sent as the client takes it: what it does not take is not read either. */
function sendEvents(
  reply: FastifyReply,
  { headers }: FastifyRequest,
  { runs, tail }: Services,
  { answer }: Done,
): FastifyReply {
  const { runId, after } = Followed.parse(JSON.parse(answer));
  const id = headers['last-event-id'] ?? after;
  const place = id === undefined ? undefined : placeOfId(String(id));
  const gone = new AbortController();
  reply.raw.once('close', () => gone.abort());
  const following = {
    signal: gone.signal,
    ...(runId !== undefined && { runId }),
    ...(place !== undefined && { after: place }),
  };
  const events = Readable.from(follow({ records: runs.records, tail }, following), { highWaterMark: 1 });
  return reply
    .type('text/event-stream')
    .header('cache-control', 'no-store')
    .header('x-accel-buffering', 'no')
    .send(events);
}

function tell(reply: FastifyReply, request: FastifyRequest, error: unknown): FastifyReply {
  const problem = problemOf(error);
  const { status } = KINDS[problem.kind];
  if (status >= 500) request.log.error({ err: problem.cause ?? problem, url: request.url }, problem.message);
  if (status === 401) void reply.header('www-authenticate', 'Bearer');
  const text = JSON.stringify(problem.body(request.id));
  return reply.status(status).header('cache-control', 'no-store').type('application/problem+json').send(text);
}

/** At an address that is there, the method is what is wrong. */
function notThere({ method, url }: FastifyRequest, reply: FastifyReply): Problem {
  const path = url.split('?', 1)[0] ?? '';
  const allowed = ROUTES.filter((route) => patternOf(route.path).test(path)).map((route) => route.method);
  if (allowed.length === 0) return new Problem('not-found', { detail: `Nothing is at ${path}.`, remedy: 'See /docs.' });
  void reply.header('allow', allowed.join(', '));
  return new Problem('no-such-method', { detail: `${method} is nothing that ${path} knows.` });
}

function patternOf(path: string): RegExp {
  return new RegExp(`^${path.replaceAll(/\{\w+\}/g, '[^/]+')}$`);
}

function documentRoutes(app: FastifyInstance, { version, tokens }: AppOptions): void {
  const document = JSON.stringify(openApiDocument(ROUTES, { version, tokens }));
  const pages: Readonly<Record<string, readonly [type: string, text: string]>> = {
    '/openapi.json': ['application/json', document],
    '/docs': ['text/html', docsPage(ROUTES, version)],
    '/docs/problems': ['text/html', problemsPage()],
    '/docs/style.css': ['text/css', STYLE],
    // For who supervises the process.
    '/healthz': ['application/json', JSON.stringify({ status: 'ok', version })],
  };
  for (const [url, [type, text]] of Object.entries(pages)) {
    app.get(url, (_request, reply) => reply.type(`${type}; charset=utf-8`).send(text));
  }
}
