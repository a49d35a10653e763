/** Control plane: trainer jobs and their checkpoint rows. */
import type { FastifyInstance } from 'fastify';
import { z } from 'zod';
import { findShape, MAX_LORA_RANK, type BaseModel } from '../catalog.ts';
import { ApiError, invalid, notFound } from '../errors.ts';
import type { Models } from '../promotion/models.ts';
import type { JobRecord } from '../trainer/job-record.ts';
import type { NewJob, TrainerJobs } from '../trainer/jobs.ts';
import { DnsLabel, parse } from '../validate.ts';
import { checkAccount } from './accounts.ts';
import { page, PageQuery } from './page.ts';

const MAX_INACTIVITY_SECONDS = 3 * 3_600;
const Duration = z
  .string()
  .regex(/^\d{1,6}(\.\d+)?s$/, 'must be a duration such as "1800s"')
  .refine((text) => Number.parseFloat(text) <= MAX_INACTIVITY_SECONDS, 'must be at most 3 hours');

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
  forwardOnly: z.boolean().default(false),
  hotLoadDeploymentId: z.literal('', 'hotload flow mismatch: link the deployment with hotLoadTrainerJob').optional(),
});

const Params = z.object({ target: z.string() });

export function trainerJobRoutes(app: FastifyInstance, account: string, jobs: TrainerJobs, models: Models): void {
  const view = (job: JobRecord): object => viewOf(account, job, models.base(job.baseModel));
  const collection = '/v1/accounts/:account/rlorTrainerJobs';
  const targetOf = (params: unknown): string => {
    checkAccount(account, params);
    return parse(Params, params).target;
  };

  app.post(collection, (request) => {
    checkAccount(account, request.params);
    return view(jobs.create(newJob(request.query, request.body, models)));
  });
  app.get(collection, (request) => {
    checkAccount(account, request.params);
    const { items, ...rest } = page(jobs.list().map(view), parse(PageQuery, request.query));
    return { rlorTrainerJobs: items, ...rest };
  });
  app.get(`${collection}/:target`, (request) => view(jobs.get(targetOf(request.params))));
  app.delete(`${collection}/:target`, async (request) => {
    await jobs.delete(targetOf(request.params));
    return {};
  });
  app.get(`${collection}/:target/checkpoints`, (request) => {
    const job = jobs.get(targetOf(request.params));
    const prefix = `accounts/${account}/rlorTrainerJobs/${job.id}/checkpoints`;
    const rows = job.checkpoints.map((row) => ({ ...row, name: `${prefix}/${row.name}` }));
    const { items, ...rest } = page(rows, parse(PageQuery, request.query));
    return { checkpoints: items, ...rest };
  });
  // Custom methods share a path segment with the id: `JOB:resume`.
  app.post(`${collection}/:target`, (request) => {
    const [id = '', verb] = targetOf(request.params).split(':');
    if (verb === 'resume') return view(jobs.resume(id));
    if (verb === 'cancel') return view(jobs.cancel(id));
    throw notFound(`method "${verb ?? ''}" of a trainer job`);
  });
}

function newJob(query: unknown, body: unknown, models: Models): NewJob {
  const { rlorTrainerJobId: id, trainingShape } = parse(CreateQuery, query);
  const { trainingConfig, displayName, inactivityTimeout, forwardOnly } = parse(CreateBody, body);
  const { baseModel, loraRank, learningRate, maxContextLength } = trainingConfig;
  const model = models.base(baseModel);
  if (model === undefined) throw invalid(`trainingConfig.baseModel: "${baseModel}" was not found`);
  if (maxContextLength !== undefined && maxContextLength > model.config.context) {
    throw invalid(`trainingConfig.maxContextLength: at most ${model.config.context} for this model`);
  }
  if (trainingShape !== undefined) checkShape(trainingShape, model, loraRank, forwardOnly);
  return {
    id,
    displayName,
    ...(trainingShape !== undefined && { trainingShape }),
    baseModel,
    architecture: model.architecture,
    loraRank,
    forwardOnly,
    learningRate,
    ...(inactivityTimeout !== undefined && { inactivityTimeout }),
  };
}

function checkShape(name: string, model: BaseModel, loraRank: number, forwardOnly: boolean): void {
  const shape = findShape(name);
  if (shape === undefined) {
    throw new ApiError(
      'PERMISSION_DENIED',
      `training shape "${name}" does not exist or is not visible to this account`,
    );
  }
  if (shape.baseModel.name !== model.architecture) {
    throw invalid(`trainingConfig.baseModel: shape "${name}" is for "${shape.baseModel.name}"`);
  }
  if (!modesOf(loraRank, forwardOnly).includes(shape.trainerMode)) {
    throw invalid(
      `trainingShape: ${shape.trainerMode} of "${name}" does not go with loraRank ${loraRank} and forwardOnly ${forwardOnly}`,
    );
  }
}

/** A frozen trainer may be put on the hardware of one that trains: without adapters of its own, on that of either kind. */
function modesOf(loraRank: number, forwardOnly: boolean): readonly string[] {
  const trainable = loraRank > 0 ? ['LORA_TRAINER'] : ['POLICY_TRAINER'];
  if (!forwardOnly) return trainable;
  return loraRank > 0 ? ['FORWARD_ONLY', ...trainable] : ['FORWARD_ONLY', ...trainable, 'LORA_TRAINER'];
}

function viewOf(account: string, job: JobRecord, model: BaseModel | undefined): object {
  const context = model?.config.context;
  return {
    name: `accounts/${account}/rlorTrainerJobs/${job.id}`,
    displayName: job.displayName,
    state: job.state,
    status: job.status,
    createTime: job.createTime,
    ...(job.completedTime !== undefined && { completedTime: job.completedTime }),
    serviceMode: true,
    nodeCount: 1,
    forwardOnly: job.forwardOnly,
    acceleratorSeconds: { secs: acceleratorSeconds(job) },
    jobProgress: { percent: 0 },
    directRouteHandle: '',
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

/** As 64-bit numbers travel: in text. */
function acceleratorSeconds({ createTime, completedTime }: JobRecord): string {
  const end = completedTime === undefined ? Date.now() : Date.parse(completedTime);
  return String(Math.max(0, Math.round((end - Date.parse(createTime)) / 1000)));
}
