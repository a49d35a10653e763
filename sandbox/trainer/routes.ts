/** The trainer's data plane over HTTP: what a trainer answers behind its gateway path. */
import type { FastifyInstance, FastifyReply } from 'fastify';
import { z } from 'zod';
import { invalid, notFound } from '../errors.ts';
import type { Ledger } from '../ledger.ts';
import type { Models } from '../promotion/models.ts';
import { parse } from '../validate.ts';
import type { TrainerJobs } from './jobs.ts';
import { OPERATIONS } from './operations.ts';
import type { TrainerRuntime } from './runtime.ts';
import * as schemas from './schemas.ts';

const Params = z.object({ account: z.string(), job: z.string() });

/** Endpoints that the protocol knows and this trainer does not have. */
const UNSUPPORTED = {
  weight_sync: 'RDMA weight sync is not supported here: save a snapshot and hot-load it',
  asample: 'sampling from a trainer is not supported here: use a deployment',
  create_sampling_session: 'sampling from a trainer is not supported here: use a deployment',
  create_sampling_route: 'serverless sampling is not supported here: use a deployment',
  weights_info: 'serverless sessions are not supported here',
} as const;

export interface TrainerRoutesOptions {
  readonly account: string;
  readonly jobs: TrainerJobs;
  readonly ledger: Ledger;
  readonly models: Models;
}

export function trainerRoutes(app: FastifyInstance, { account, jobs, ledger, models }: TrainerRoutesOptions): void {
  const runtimeOf = (params: unknown): TrainerRuntime => {
    const { account: asked, job } = parse(Params, params);
    if (asked !== account) throw notFound(`account "${asked}"`);
    return jobs.runtime(job);
  };
  const base = '/training/v1/rlorTrainerJobs/:account/:job/api/v1';

  app.get(`${base}/healthz`, (request) => {
    runtimeOf(request.params);
    return { status: 'ok' };
  });
  app.get(`${base}/list_checkpoints`, (request) => {
    const { job } = runtimeOf(request.params).options;
    const resumable = jobs.get(job).checkpoints.filter((row) => row.checkpointType.includes('TYPE_TRAINING'));
    return { checkpoints: resumable.map((row) => row.name) };
  });
  app.get(`${base}/get_server_capabilities`, (request) => {
    const { name, config } = runtimeOf(request.params).options.baseModel;
    return { supported_models: [{ model_name: name, max_context_length: config.context }] };
  });
  app.post(`${base}/create_session`, (request) => {
    const runtime = runtimeOf(request.params);
    parse(schemas.CreateSession, request.body, 422);
    return { session_id: runtime.sessions.create().id, type: 'create_session' };
  });
  app.post(`${base}/session_heartbeat`, (request) => {
    const runtime = runtimeOf(request.params);
    runtime.sessions.get(parse(schemas.SessionHeartbeat, request.body, 422).session_id);
    return { type: 'session_heartbeat' };
  });
  app.post(`${base}/telemetry`, (request) => {
    runtimeOf(request.params);
    return { status: 'accepted' };
  });
  app.post(`${base}/create_model`, (request) => {
    const runtime = runtimeOf(request.params);
    const created = runtime.createModel(parse(schemas.CreateModel, request.body, 422), (modelId, sessionId) =>
      ledger.open(runtime.options.job, modelId, sessionId),
    );
    return { request_id: created.requestId, model_id: created.modelId };
  });
  app.post(`${base}/get_info`, (request) => {
    const runtime = runtimeOf(request.params);
    const model = runtime.model(parse(schemas.GetInfo, request.body, 422).model_id);
    const { name } = runtime.options.baseModel;
    return {
      type: 'get_info',
      model_id: model.id,
      model_name: name,
      is_lora: model.lora !== undefined,
      lora_rank: model.lora?.rank ?? 0,
      model_data: { arch: 'pawl-transformer', model_name: name, tokenizer_id: 'sandbox/models/tokenizer.json' },
    };
  });
  app.post(`${base}/unload_model`, (request) => {
    const runtime = runtimeOf(request.params);
    const model = runtime.model(parse(schemas.UnloadModel, request.body, 422).model_id);
    return { request_id: runtime.unload(model), model_id: model.id };
  });
  app.post(`${base}/retrieve_future`, async (request, reply) => {
    const runtime = runtimeOf(request.params);
    const { request_id: id, allow_metadata_only: metadata } = parse(schemas.RetrieveFuture, request.body, 422);
    return sendJson(reply, await runtime.futures.retrieve(id, metadata));
  });
  for (const [name, why] of Object.entries(UNSUPPORTED)) {
    app.post(`${base}/${name}`, (request) => {
      runtimeOf(request.params);
      throw invalid(`${name}: ${why}`);
    });
  }
  for (const [name, operation] of Object.entries(OPERATIONS)) {
    app.post(`${base}/${name}`, (request) => {
      const runtime = runtimeOf(request.params);
      const { modelId, seq, run } = operation({ jobs, ledger, models, runtime }, request.body);
      const model = runtime.model(modelId);
      const requestId = runtime.submit(model, seq, { operation: name, body: request.body }, () => run(model));
      return { request_id: requestId, model_id: model.id };
    });
  }
}

function sendJson(reply: FastifyReply, body: string): FastifyReply {
  return reply.header('content-type', 'application/json; charset=utf-8').send(body);
}
