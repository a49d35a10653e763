/** Control plane: deployments. */
import type { FastifyInstance } from 'fastify';
import { z } from 'zod';
import { TRAINING_SHAPES, type BaseModel } from '../catalog.ts';
import { ApiError, invalid, notFound } from '../errors.ts';
import type { Models } from '../promotion/models.ts';
import type { Deployment } from '../serving/deployment.ts';
import type { DeploymentChange, Deployments, NewDeployment } from '../serving/deployments.ts';
import type { TrainerJobs } from '../trainer/jobs.ts';
import { DnsLabel, parse } from '../validate.ts';
import { checkAccount } from './accounts.ts';
import { page, PageQuery } from './page.ts';

/** Each replica is a process on this machine. */
const MAX_REPLICAS = 8;
const ReplicaCount = z.int().min(0).max(MAX_REPLICAS);
const Transition = z.enum(['ASYNC', 'SYNC', 'HOT_LOAD_TRANSITION_TYPE_UNSPECIFIED']);

const CreateQuery = z.object({ deploymentId: DnsLabel });
const CreateBody = z.object({
  baseModel: z.string().min(1),
  description: z.string().max(1000).default(''),
  displayName: z.string().max(63).default(''),
  minReplicaCount: ReplicaCount.default(0),
  maxReplicaCount: ReplicaCount.default(1),
  enableHotLoad: z.boolean().default(false),
  forTraining: z.boolean().default(false),
  hotLoadBucketType: z.string().default('FW_HOSTED'),
  hotLoadTrainerJob: z.string().optional(),
  hotLoadTransitionType: Transition.optional(),
  deploymentShape: z.string().optional(),
  acceleratorType: z.string().optional(),
});

const UpdateBody = z.object({
  minReplicaCount: ReplicaCount.optional(),
  maxReplicaCount: ReplicaCount.optional(),
  hotLoadTrainerJob: z.string().optional(),
  hotLoadTransitionType: Transition.optional(),
  displayName: z.string().max(63).optional(),
  description: z.string().max(1000).optional(),
});
type UpdateBody = z.output<typeof UpdateBody>;

const ScaleBody = z.object({ replicaCount: ReplicaCount });
const UpdateQuery = z.object({ updateMask: z.string().optional() });
const DeleteQuery = z.object({ hard: z.enum(['true', 'false']).default('false') });
const Params = z.object({ target: z.string() });

/** What an update without a mask replaces. The link to a trainer is not among it: only a mask may re-attach. */
const UNMASKED: readonly (keyof UpdateBody)[] = ['minReplicaCount', 'maxReplicaCount', 'displayName', 'description'];

/** Mask names are snake_case, body keys camelCase. */
const MASK: Readonly<Record<string, keyof UpdateBody>> = {
  min_replica_count: 'minReplicaCount',
  max_replica_count: 'maxReplicaCount',
  hot_load_trainer_job: 'hotLoadTrainerJob',
  hot_load_transition_type: 'hotLoadTransitionType',
  display_name: 'displayName',
  description: 'description',
};

export interface DeploymentRoutesOptions {
  readonly account: string;
  readonly deployments: Deployments;
  readonly jobs: TrainerJobs;
  readonly models: Models;
}

export function deploymentRoutes(app: FastifyInstance, options: DeploymentRoutesOptions): void {
  const { account, deployments, jobs, models } = options;
  const collection = '/v1/accounts/:account/deployments';
  const targetOf = (params: unknown): string => {
    checkAccount(account, params);
    return parse(Params, params).target;
  };
  const linkOf = (trainerJob: string): string => {
    const prefix = `accounts/${account}/rlorTrainerJobs/`;
    if (!trainerJob.startsWith(prefix)) throw invalid(`hotLoadTrainerJob: must begin with "${prefix}"`);
    // The row of a deleted job, and its bucket, are kept for a while: what it saved can still be served.
    const job = jobs.get(trainerJob.slice(prefix.length));
    if (job.state === 'JOB_STATE_DELETED' && job.checkpoints.length === 0) {
      throw invalid(`hotLoadTrainerJob: "${trainerJob}" was deleted, and has no checkpoints (any more)`);
    }
    return job.id;
  };

  app.post(collection, (request) => {
    checkAccount(account, request.params);
    return view(account, deployments.create(newDeployment(request.query, request.body, linkOf, models)));
  });
  app.get(collection, (request) => {
    checkAccount(account, request.params);
    const all = deployments.list().map((deployment) => view(account, deployment));
    const { items, ...rest } = page(all, parse(PageQuery, request.query));
    return { deployments: items, ...rest };
  });
  app.get(`${collection}/:target`, (request) => view(account, deployments.get(targetOf(request.params))));
  app.patch(`${collection}/:target`, async (request) => {
    const [id = '', verb] = targetOf(request.params).split(':');
    if (verb !== undefined && verb !== 'scale') throw notFound(`method "${verb}" of a deployment`);
    const change = verb === 'scale' ? scaled(request.body) : masked(request.query, request.body, linkOf);
    return view(account, await deployments.update(id, change));
  });
  app.post(`${collection}/:target`, async (request) => {
    const [id = '', verb] = targetOf(request.params).split(':');
    if (verb !== 'undelete') throw notFound(`method "${verb ?? ''}" of a deployment`);
    return view(account, await deployments.undelete(id));
  });
  app.delete(`${collection}/:target/ledger`, (request) => {
    deployments.get(targetOf(request.params)).resetLedger();
    return {};
  });
  app.delete(`${collection}/:target`, async (request) => {
    const { hard } = parse(DeleteQuery, request.query);
    await deployments.delete(targetOf(request.params), hard === 'true');
    return {};
  });
}

function newDeployment(query: unknown, body: unknown, linkOf: (job: string) => string, models: Models): NewDeployment {
  const { deploymentId: id } = parse(CreateQuery, query);
  const { hotLoadTrainerJob, hotLoadTransitionType, ...rest } = parse(CreateBody, body);
  const model = models.base(rest.baseModel);
  if (model === undefined) throw invalid(`baseModel: "${rest.baseModel}" was not found`);
  if (rest.minReplicaCount > rest.maxReplicaCount) throw invalid('minReplicaCount must not exceed maxReplicaCount');
  checkHardware(model, rest.deploymentShape, rest.acceleratorType);
  const { deploymentShape, acceleratorType, ...plain } = rest;
  return {
    id,
    ...plain,
    ...(deploymentShape !== undefined && { deploymentShape }),
    ...(acceleratorType !== undefined && { acceleratorType }),
    ...(hotLoadTrainerJob !== undefined && { hotLoadTrainerJob: linkOf(hotLoadTrainerJob) }),
    hotLoadTransitionType: hotLoadTransitionType === 'SYNC' ? 'SYNC' : 'ASYNC',
  };
}

function checkHardware(model: BaseModel, shape: string | undefined, accelerator: string | undefined): void {
  if ((shape === undefined) === (accelerator === undefined)) {
    throw invalid('exactly one of deploymentShape and acceleratorType is needed');
  }
  if (shape === undefined) return;
  const unversioned = shape.replace(/\/versions\/[^/]+$/, '');
  const known = TRAINING_SHAPES.find(({ deploymentShapeVersion }) =>
    deploymentShapeVersion.startsWith(`${unversioned}/`),
  );
  if (known === undefined) throw new ApiError('NOT_FOUND', `deployment shape "${shape}" was not found`);
  if (known.baseModel.name !== model.architecture)
    throw invalid(`deploymentShape: "${shape}" is for "${known.baseModel.name}"`);
}

function scaled(body: unknown): DeploymentChange {
  const { replicaCount } = parse(ScaleBody, body);
  return { minReplicaCount: replicaCount, maxReplicaCount: replicaCount };
}

/** Without a mask, the platform replaces every mutable field: those that are absent become their defaults. */
function masked(query: unknown, body: unknown, linkOf: (job: string) => string): DeploymentChange {
  const { updateMask } = parse(UpdateQuery, query);
  const update = parse(UpdateBody, body);
  const fields = updateMask === undefined || updateMask === '' ? UNMASKED : updateMask.split(',').map(fieldOf);
  const change: DeploymentChange = {};
  for (const field of fields) Object.assign(change, changeOf(field, update, linkOf));
  return change;
}

function changeOf(field: keyof UpdateBody, update: UpdateBody, linkOf: (job: string) => string): DeploymentChange {
  switch (field) {
    case 'minReplicaCount':
    case 'maxReplicaCount':
      return { [field]: update[field] ?? 0 };
    case 'displayName':
    case 'description':
      return { [field]: update[field] ?? '' };
    case 'hotLoadTransitionType':
      return { hotLoadTransitionType: update.hotLoadTransitionType === 'SYNC' ? 'SYNC' : 'ASYNC' };
    case 'hotLoadTrainerJob':
      if (update.hotLoadTrainerJob === undefined)
        throw invalid('hotLoadTrainerJob: is in the mask, but not in the body');
      return { hotLoadTrainerJob: linkOf(update.hotLoadTrainerJob) };
    default:
      return field satisfies never;
  }
}

function fieldOf(name: string): keyof UpdateBody {
  const field = Object.hasOwn(MASK, name.trim()) ? MASK[name.trim()] : undefined;
  if (field === undefined)
    throw invalid(`updateMask: "${name}" is not a mutable field (${Object.keys(MASK).join(', ')})`);
  return field;
}

function view(account: string, deployment: Deployment): object {
  const { record, replicas, desiredReplicas } = deployment;
  const ready = replicas.filter((replica) => replica.booted).length;
  const { id, chain: _, fullLoadNeeded: __, hotLoadTrainerJob: trainer, ...rest } = record;
  return {
    ...rest,
    name: `accounts/${account}/deployments/${id}`,
    status: { code: 'OK', message: '' },
    ...(trainer !== undefined && {
      hotLoadTrainerJob: `accounts/${account}/rlorTrainerJobs/${trainer}`,
      hotLoadBucketUrl: `gs://sandbox/rl-checkpoints/${account}/trainer-${trainer}/`,
    }),
    desiredReplicaCount: desiredReplicas,
    replicaCount: replicas.length,
    replicaStats: {
      pendingSchedulingReplicaCount: 0,
      downloadingModelReplicaCount: 0,
      initializingReplicaCount: replicas.length - ready,
      readyReplicaCount: ready,
    },
  };
}
