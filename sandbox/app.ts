/** The platform as one HTTP server: control plane, trainers, weight sync, inference, and the sandbox's own ledger. */
import Fastify, { type FastifyError, type FastifyInstance, type FastifyReply, type FastifyRequest } from 'fastify';
import type { Logger } from 'pino';
import { authenticate } from './auth.ts';
import { dialectOf, type Config } from './config.ts';
import { accountRoutes } from './control/accounts.ts';
import { deploymentRoutes } from './control/deployments.ts';
import { trainerJobRoutes } from './control/trainer-jobs.ts';
import { ApiError, errorBody } from './errors.ts';
import { faultHooks } from './faults/hooks.ts';
import { Faults } from './faults/plan.ts';
import { faultRoutes } from './faults/routes.ts';
import { sandboxId } from './identity.ts';
import { Ledger } from './ledger.ts';
import { ledgerRoutes } from './ledger-routes.ts';
import { Models } from './promotion/models.ts';
import { promotionRoutes } from './promotion/routes.ts';
import { limitRate } from './rate-limit.ts';
import { chatRoutes } from './serving/chat-routes.ts';
import { completionRoutes } from './serving/completion-routes.ts';
import { Deployments } from './serving/deployments.ts';
import { hotLoadRoutes } from './serving/hot-load-routes.ts';
import { TrainerJobs } from './trainer/jobs.ts';
import { trainerRoutes } from './trainer/routes.ts';
import { unsupportedRoutes } from './unsupported-routes.ts';

/** Room for the largest request the protocol allows, as JSON. */
const BODY_LIMIT = 64 * 1024 * 1024;

/** For those who supervise the process: the only path that needs no key. */
const HEALTH = '/sandbox/v1/healthz';

/** Everything is stopped by closing the returned server. */
export function createApp(config: Config, log: Logger): FastifyInstance {
  const { account, seed, state: stateFolder } = config;
  const times = { startupMs: config['startup-ms'], loadMs: config['load-ms'] };
  const models = new Models(stateFolder, account);
  const common = { stateFolder, seed, models, log };
  const [maxTrainers, maxDeployments, capacity] = [config['max-trainers'], config['max-deployments'], config.capacity];
  const jobs = new TrainerJobs({
    ...common,
    startupMs: times.startupMs,
    holdMs: config['hold-ms'],
    sessionMs: config['session-seconds'] * 1000,
    deduplicate: config.replay === 'deduplicate',
    gapMs: config['gap-seconds'] * 1000,
    dialect: dialectOf(config),
    stepMs: config['step-ms'],
    passMs: config['pass-ms'],
    compute: config.compute,
    ...(maxTrainers !== undefined && { quota: maxTrainers }),
    ...(capacity !== undefined && { capacity }),
  });
  const deployments = new Deployments({
    ...common,
    ...times,
    bucketOf: (job) => jobs.bucket(job),
    ...(maxDeployments !== undefined && { quota: maxDeployments }),
  });
  const ledger = new Ledger(stateFolder);

  const app = Fastify({
    bodyLimit: BODY_LIMIT,
    logger: false,
    forceCloseConnections: true,
    routerOptions: { maxParamLength: 200 },
    // What is refused before there is a route: a URL that cannot be decoded.
    frameworkErrors: refuseUrl,
  });
  acceptEmptyJson(app);
  app.addHook('onRequest', (request, _reply, done) => {
    if (request.url !== HEALTH) authenticate(request, config.apiKey);
    done();
  });
  if (config['rate-limit'] !== undefined) limitRate(app, config['rate-limit']);
  app.setNotFoundHandler((request) => {
    throw new ApiError('NOT_FOUND', `${request.method} ${request.url.slice(0, 200)} is not part of this API`);
  });
  app.setErrorHandler((error, request, reply) => {
    const known = asApiError(error as Error | FastifyError);
    if (known.status >= 500 && !(error instanceof ApiError))
      log.error({ err: error, url: request.url }, 'request failed');
    return reply.status(known.status).send(errorBody(known, request.url));
  });
  app.addHook('onResponse', (request, reply, done) => {
    const { method, url } = request;
    log.debug({ method, url, status: reply.statusCode, ms: Math.round(reply.elapsedTime) }, 'answered');
    done();
  });
  app.addHook('onClose', async () => {
    await Promise.all([jobs.close(), deployments.close()]);
  });

  if (config['allow-faults'] || config.faultPlan !== undefined) {
    const faults = new Faults();
    if (config.faultPlan !== undefined) faults.add(config.faultPlan);
    faultHooks(app, faults, { jobs, deployments });
    faultRoutes(app, faults, { jobs, deployments });
  }
  app.get(HEALTH, () => ({ status: 'ok' }));
  accountRoutes(app, account, sandboxId(stateFolder));
  trainerJobRoutes(app, account, jobs, models);
  deploymentRoutes(app, { account, deployments, jobs, models });
  promotionRoutes(app, { account, jobs, models, promoteMs: config['promote-ms'] });
  trainerRoutes(app, { account, jobs, ledger, models });
  hotLoadRoutes(app, account, deployments);
  completionRoutes(app, { account, deployments, models });
  chatRoutes(app);
  ledgerRoutes(app, { account, jobs, deployments, ledger });
  unsupportedRoutes(app);
  return app;
}

function refuseUrl(error: Error, request: FastifyRequest, reply: FastifyReply): void {
  void reply.status(400).send(errorBody(new ApiError('INVALID_ARGUMENT', error.message), request.url));
}

/** Clients send `Content-Type: application/json` with no body where there is nothing to say. */
function acceptEmptyJson(app: FastifyInstance): void {
  const parseJson = app.getDefaultJsonParser('error', 'error');
  app.removeContentTypeParser('application/json');
  app.addContentTypeParser('application/json', { parseAs: 'string' }, (request, body, done) => {
    if (body === '') done(null, {});
    else void parseJson(request, body as string, done);
  });
}

function asApiError(error: Error | FastifyError): ApiError {
  if (error instanceof ApiError) return error;
  const status = 'statusCode' in error ? (error.statusCode ?? 500) : 500;
  // Fastify's own refusals: bad JSON, a body that is too large, an unknown content type.
  if (status >= 400 && status < 500) return new ApiError('INVALID_ARGUMENT', error.message, status);
  return new ApiError('INTERNAL', 'internal error: see the log of the sandbox');
}
