/** Control plane: the account, what it can rent, and base models. */
import type { FastifyInstance } from 'fastify';
import { z } from 'zod';
import { BASE_MODELS, findBaseModel, findShape, TRAINING_SHAPES, type TrainingShape } from '../catalog.ts';
import { notFound } from '../errors.ts';
import { layoutOf } from '../model/layout.ts';
import { parse } from '../validate.ts';

const ShapeParams = z.object({ owner: z.string(), shape: z.string(), version: z.string().optional() });
const AccountParams = z.object({ account: z.string() });
const ModelParams = z.object({ owner: z.string(), model: z.string() });

export function accountRoutes(app: FastifyInstance, account: string): void {
  app.get('/v1/accounts', () => ({
    accounts: [{ name: `accounts/${account}`, displayName: 'pawl sandbox', state: 'READY' }],
    nextPageToken: '',
    totalSize: 1,
  }));

  app.get('/v1/accounts/:owner/models/:model', (request) => {
    const { owner, model } = parse(ModelParams, request.params);
    const found = findBaseModel(`accounts/${owner}/models/${model}`);
    if (found === undefined) throw notFound(`model "accounts/${owner}/models/${model}"`);
    return {
      name: found.name,
      state: 'READY',
      kind: 'HF_BASE_MODEL',
      contextLength: found.config.context,
      baseModelDetails: { moe: false, parameterCount: String(layoutOf(found.config).size) },
    };
  });
  app.get('/v1/accounts/:owner/models', () => ({
    models: BASE_MODELS.map(({ name }) => ({ name, state: 'READY', kind: 'HF_BASE_MODEL' })),
    nextPageToken: '',
  }));

  app.get('/v1/accounts/:owner/trainingShapes/:shape/versions', (request) => {
    const { owner, shape } = parse(ShapeParams, request.params);
    // "-" stands for any: the form that clients use to discover shapes.
    const wanted = `accounts/${owner}/trainingShapes/${shape}`;
    const found = TRAINING_SHAPES.filter(({ name }) => shape === '-' || name === wanted);
    if (found.length === 0) throw notFound(`training shape "${wanted}"`);
    return { trainingShapeVersions: found.map(shapeVersion), nextPageToken: '', totalSize: found.length };
  });
  app.get('/v1/accounts/:owner/trainingShapes/:shape/versions/:version', (request) => {
    const { owner, shape, version } = parse(ShapeParams, request.params);
    const wanted = `accounts/${owner}/trainingShapes/${shape}/versions/${version}`;
    const found = findShape(wanted);
    if (found === undefined) throw notFound(`training shape version "${wanted}"`);
    return shapeVersion(found);
  });
}

function shapeVersion({ name, version, baseModel, trainerMode, deploymentShapeVersion }: TrainingShape): object {
  return {
    name: `${name}/versions/${version}`,
    latestValidated: true,
    public: true,
    snapshot: {
      baseModel: baseModel.name,
      trainerMode,
      trainerImageTag: 'sandbox',
      maxSupportedContextLength: baseModel.config.context,
      nodeCount: 1,
      acceleratorType: 'NVIDIA_H200_141GB',
      acceleratorCount: 1,
      baseModelWeightPrecision: 'FP32',
      trainerShardingScheme: { pipelineParallelism: 1 },
      deploymentShapeVersion,
      deploymentImageTag: 'sandbox',
    },
  };
}

/** There is one account; a path that names another leads nowhere. */
export function checkAccount(account: string, params: unknown): void {
  const { account: asked } = parse(AccountParams, params);
  if (asked !== account) throw notFound(`account "${asked}"`);
}
