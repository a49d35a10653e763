/** Control plane: models, and how a checkpoint becomes one. */
import { randomBytes } from 'node:crypto';
import type { FastifyInstance } from 'fastify';
import { z } from 'zod';
import { BASE_MODELS, type BaseModel } from '../catalog.ts';
import { checkAccount } from '../control/accounts.ts';
import { page, PageQuery } from '../control/page.ts';
import { ApiError, invalid, notFound } from '../errors.ts';
import { layoutOf } from '../model/layout.ts';
import { Bucket } from '../snapshots/bucket.ts';
import type { JobRecord } from '../trainer/job-record.ts';
import type { TrainerJobs } from '../trainer/jobs.ts';
import { DnsLabel, parse } from '../validate.ts';
import type { ModelRecord } from './model-record.ts';
import { isReady, type Models } from './models.ts';

export interface PromotionOptions {
  readonly account: string;
  readonly jobs: TrainerJobs;
  readonly models: Models;
  /** How long an asynchronous promotion takes. */
  readonly promoteMs: number;
}

const ModelParams = z.object({ owner: z.string(), model: z.string() });
const PromoteParams = z.object({ target: z.string() });
const OperationParams = z.object({ operation: z.string() });
// The one body of the control plane that is snake_case.
const PromoteBody = z.object({
  output_model: z.string().min(1),
  trainer_job_id: z.string().min(1),
  base_model: z.string().optional(),
  async_promotion: z.boolean().default(false),
  hot_load_deployment_id: z.string().optional(),
});
type PromoteBody = z.output<typeof PromoteBody>;

export function promotionRoutes(app: FastifyInstance, options: PromotionOptions): void {
  const { account, models } = options;

  app.get('/v1/accounts/:owner/models', (request) => {
    const { owner } = parse(z.object({ owner: z.string() }), request.params);
    const own = models.list().map((record) => view(models, record));
    const all = owner === account ? own : BASE_MODELS.map(baseView);
    const { items, nextPageToken } = page(all, parse(PageQuery, request.query));
    return { models: items, nextPageToken, totalSize: all.length };
  });
  app.get('/v1/accounts/:owner/models/:model', (request) => {
    const { owner, model } = parse(ModelParams, request.params);
    const known = BASE_MODELS.find(({ name }) => name === `accounts/${owner}/models/${model}`);
    if (known !== undefined) return baseView(known);
    const record = owner === account ? models.get(model) : undefined;
    if (record === undefined) throw notFound(`model "accounts/${owner}/models/${model}"`);
    return view(models, record);
  });
  app.delete('/v1/accounts/:owner/models/:model', (request) => {
    const { owner, model } = parse(ModelParams, request.params);
    if (owner !== account || models.get(model) === undefined) {
      throw notFound(`model "accounts/${owner}/models/${model}" of this account`);
    }
    models.delete(model);
    return {};
  });
  app.post('/v1/accounts/:account/checkpoints/:target', (request) => {
    checkAccount(account, request.params);
    const [checkpoint = '', verb] = parse(PromoteParams, request.params).target.split(':');
    if (verb !== 'promote') throw notFound(`method "${verb ?? ''}" of a checkpoint`);
    const record = promote(options, checkpoint, parse(PromoteBody, request.body));
    return record.operation === undefined
      ? { model: view(models, record) }
      : { operation: operationView(account, models, record, record.operation) };
  });
  app.get('/v1/accounts/:account/operations/:operation', (request) => {
    checkAccount(account, request.params);
    const { operation } = parse(OperationParams, request.params);
    const record = models.byOperation(operation);
    if (record === undefined) throw notFound(`operation "${operation}"`);
    return operationView(account, models, record, operation);
  });
}

interface Promotable {
  readonly job: JobRecord;
  readonly snapshot: NonNullable<ReturnType<Bucket['readSnapshot']>>;
}

function promote(options: PromotionOptions, id: string, body: PromoteBody): ModelRecord {
  const { account, models, promoteMs } = options;
  const output = idUnder(`accounts/${account}/models/`, body.output_model, 'output_model');
  if (!DnsLabel.safeParse(output).success) {
    throw invalid(`output_model: "${output}" must be 1 to 63 lower-case letters, digits or hyphens`);
  }
  if (body.hot_load_deployment_id !== undefined && body.hot_load_deployment_id !== '') {
    throw invalid('hot_load_deployment_id: only jobs of the old, per-deployment kind have one');
  }
  const { job, snapshot } = promotable(options, id, body);
  const now = Date.now();
  const { lora } = snapshot.meta;
  const record: ModelRecord = {
    id: output,
    kind: lora === undefined ? 'HF_BASE_MODEL' : 'HF_PEFT_ADDON',
    createTime: new Date(now).toISOString(),
    readyTime: new Date(body.async_promotion ? now + promoteMs : now).toISOString(),
    baseModel: job.baseModel,
    architecture: job.architecture,
    ...(lora && { lora }),
    trainerJob: job.id,
    checkpoint: id,
    ...(body.async_promotion && { operation: `promote-${randomBytes(8).toString('hex')}` }),
  };
  models.add(record, snapshot.bytes);
  return record;
}

function promotable({ account, jobs }: PromotionOptions, id: string, body: PromoteBody): Promotable {
  const job = jobs.get(idUnder(`accounts/${account}/rlorTrainerJobs/`, body.trainer_job_id, 'trainer_job_id'));
  const row = job.checkpoints.find(({ name }) => name === id);
  if (row === undefined) throw notFound(`checkpoint "${id}" of trainer job "${job.id}"`);
  if (!row.promotable) {
    throw new ApiError('FAILED_PRECONDITION', `checkpoint "${id}" (${row.checkpointType}) is not promotable`);
  }
  if (body.base_model !== undefined && body.base_model !== job.baseModel) {
    throw invalid(`base_model: the trainer's is "${job.baseModel}"`);
  }
  const snapshot = new Bucket(jobs.bucket(job.id)).readSnapshot(id);
  if (snapshot === undefined) throw new ApiError('NOT_FOUND', `checkpoint "${id}" was not found in GCS`);
  return { job, snapshot };
}

function idUnder(prefix: string, name: string, field: string): string {
  if (!name.startsWith(prefix)) throw invalid(`${field}: must begin with "${prefix}"`);
  return name.slice(prefix.length);
}

function baseView({ name, config }: BaseModel): object {
  return {
    name,
    state: 'READY',
    kind: 'HF_BASE_MODEL',
    contextLength: config.context,
    baseModelDetails: { moe: false, parameterCount: String(layoutOf(config).size) },
  };
}

function view(models: Models, record: ModelRecord): object {
  const name = models.nameOf(record);
  const state = isReady(record) ? 'READY' : 'UPLOADING';
  const origin = { createTime: record.createTime, trainerJob: record.trainerJob, checkpoint: record.checkpoint };
  const family = BASE_MODELS.find((model) => model.name === record.architecture);
  if (record.lora === undefined) return { ...(family && baseView(family)), ...origin, name, state };
  const { rank: r, trainAttn, trainMlp, trainUnembed } = record.lora;
  const targetModules = [
    ...(trainAttn ? ['query', 'key', 'value', 'out'] : []),
    ...(trainMlp ? ['up', 'down'] : []),
    ...(trainUnembed ? ['unembed'] : []),
  ];
  return { ...origin, name, state, kind: record.kind, peftDetails: { baseModel: record.baseModel, r, targetModules } };
}

function operationView(account: string, models: Models, record: ModelRecord, operation: string): object {
  const done = isReady(record);
  const response = { '@type': 'type.googleapis.com/gateway.Model', ...view(models, record) };
  return {
    name: `accounts/${account}/operations/${operation}`,
    done,
    metadata: { status_message: done ? 'done' : 'copying' },
    ...(done && { response }),
  };
}
