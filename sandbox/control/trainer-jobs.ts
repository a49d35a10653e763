/** Control plane: trainer jobs and their checkpoint rows. */
import type { FastifyInstance } from 'fastify';
import { z } from 'zod';
import { findBaseModel, findShape, MAX_LORA_RANK } from '../catalog.ts';
import { ApiError, invalid, notFound } from '../errors.ts';
import type { JobRecord } from '../trainer/job-record.ts';
import type { NewJob, TrainerJobs } from '../trainer/jobs.ts';
import { DnsLabel, parse } from '../validate.ts';
import { checkAccount } from './accounts.ts';
import { page, PageQuery } from './page.ts';

const Duration = z.string().regex(/^\d{1,6}(\.\d+)?s$/, 'must be a duration such as "1800s"');

const CreateQuery = z.object({
  rlorTrainerJobId: DnsLabel,
  trainingShape: z.string().optional(),
  skipValidations: z.literal('false', 'is not allowed for this account').optional(),
});

const CreateBody = z.object({
  trainingConfig: z.object({
    baseModel: z.string().min(1),
    loraRank: z.int().min(0).max(MAX_LORA_RANK).default(0),
    learningRate: z.number().min(0).default(1e-5),
    maxContextLength: z.int().min(1).optional(),
    gradientAccumulationSteps: z.literal(1, 'accumulate by several forward_backward calls instead').optional(),
  }),
  displayName: z.string().max(63).default(''),
  inactivityTimeout: Duration.optional(),
  forwardOnly: z.literal(false, 'forward-only trainers are not supported').optional(),
  hotLoadDeploymentId: z.literal('', 'hotload flow mismatch: link the deployment with hotLoadTrainerJob').optional(),
});

const Params = z.object({ target: z.string() });

export function trainerJobRoutes(app: FastifyInstance, account: string, jobs: TrainerJobs): void {
  const collection = '/v1/accounts/:account/rlorTrainerJobs';
  const targetOf = (params: unknown): string => {
    checkAccount(account, params);
    return parse(Params, params).target;
  };

  app.post(collection, (request) => {
    checkAccount(account, request.params);
    return view(account, jobs.create(newJob(request.query, request.body)));
  });
  app.get(collection, (request) => {
    checkAccount(account, request.params);
    const { items, nextPageToken } = page(jobs.list(), parse(PageQuery, request.query));
    return { rlorTrainerJobs: items.map((job) => view(account, job)), nextPageToken };
  });
  app.get(`${collection}/:target`, (request) => view(account, jobs.get(targetOf(request.params))));
  app.delete(`${collection}/:target`, async (request) => {
    await jobs.delete(targetOf(request.params));
    return {};
  });
  app.get(`${collection}/:target/checkpoints`, (request) => {
    const job = jobs.get(targetOf(request.params));
    const { items, nextPageToken } = page(job.checkpoints, parse(PageQuery, request.query));
    const prefix = `accounts/${account}/rlorTrainerJobs/${job.id}/checkpoints`;
    return { checkpoints: items.map((row) => ({ ...row, name: `${prefix}/${row.name}` })), nextPageToken };
  });
  // Custom methods share a path segment with the id: `JOB:resume`.
  app.post(`${collection}/:target`, async (request) => {
    const [id = '', verb] = targetOf(request.params).split(':');
    if (verb === 'resume') return view(account, jobs.resume(id));
    if (verb === 'cancel') return view(account, await jobs.cancel(id));
    throw notFound(`method "${verb ?? ''}" of a trainer job`);
  });
}

function newJob(query: unknown, body: unknown): NewJob {
  const { rlorTrainerJobId: id, trainingShape } = parse(CreateQuery, query);
  const { trainingConfig, displayName, inactivityTimeout } = parse(CreateBody, body);
  const { baseModel, loraRank, learningRate, maxContextLength } = trainingConfig;
  const model = findBaseModel(baseModel);
  if (model === undefined) throw invalid(`trainingConfig.baseModel: "${baseModel}" was not found`);
  if (maxContextLength !== undefined && maxContextLength > model.config.context) {
    throw invalid(`trainingConfig.maxContextLength: at most ${model.config.context} for this model`);
  }
  if (trainingShape !== undefined) checkShape(trainingShape, baseModel, loraRank);
  return {
    id,
    displayName,
    ...(trainingShape !== undefined && { trainingShape }),
    baseModel,
    loraRank,
    learningRate,
    ...(inactivityTimeout !== undefined && { inactivityTimeout }),
  };
}

function checkShape(name: string, baseModel: string, loraRank: number): void {
  const shape = findShape(name);
  if (shape === undefined) {
    throw new ApiError(
      'PERMISSION_DENIED',
      `training shape "${name}" does not exist or is not visible to this account`,
    );
  }
  if (shape.baseModel.name !== baseModel) {
    throw invalid(`trainingConfig.baseModel: shape "${name}" is for "${shape.baseModel.name}"`);
  }
  const wantsLora = loraRank > 0;
  if (wantsLora !== (shape.trainerMode === 'LORA_TRAINER')) {
    throw invalid(`trainingConfig.loraRank: ${loraRank} does not go with ${shape.trainerMode} of shape "${name}"`);
  }
}

function view(account: string, job: JobRecord): object {
  const context = findBaseModel(job.baseModel)?.config.context;
  return {
    name: `accounts/${account}/rlorTrainerJobs/${job.id}`,
    displayName: job.displayName,
    state: job.state,
    status: job.status,
    createTime: job.createTime,
    ...(job.completedTime !== undefined && { completedTime: job.completedTime }),
    serviceMode: true,
    nodeCount: 1,
    ...(job.trainingShape !== undefined && { trainingShape: job.trainingShape }),
    ...(job.inactivityTimeout !== undefined && { inactivityTimeout: job.inactivityTimeout }),
    trainingConfig: {
      baseModel: job.baseModel,
      loraRank: job.loraRank,
      learningRate: job.learningRate,
      ...(context !== undefined && { maxContextLength: context }),
    },
    hotLoadBucketUrl: `gs://sandbox/rl-checkpoints/${account}/trainer-${job.id}/`,
  };
}
