/** Control plane: the account, and what it can rent. */
import type { FastifyInstance } from 'fastify';
import { z } from 'zod';
import { findShape, TRAINING_SHAPES, type TrainingShape } from '../catalog.ts';
import { notFound } from '../errors.ts';
import { parse } from '../validate.ts';
import { page, PageQuery } from './page.ts';

const ShapeParams = z.object({ owner: z.string(), shape: z.string(), version: z.string().optional() });
const AccountParams = z.object({ account: z.string() });

export function accountRoutes(app: FastifyInstance, account: string, sandboxId: string): void {
  app.get('/v1/accounts', () => ({
    // `sandboxId` is no field of the platform's: by it clients tell one sandbox from another, and from the platform.
    accounts: [{ name: `accounts/${account}`, displayName: 'pawl sandbox', state: 'READY', sandboxId }],
    nextPageToken: '',
    totalSize: 1,
  }));

  app.get('/v1/accounts/:owner/trainingShapes/:shape/versions', (request) => {
    const { owner, shape } = parse(ShapeParams, request.params);
    // "-" stands for any: the form that clients use to discover shapes.
    const wanted = `accounts/${owner}/trainingShapes/${shape}`;
    const found = TRAINING_SHAPES.filter(({ name }) => shape === '-' || name === wanted);
    if (found.length === 0) throw notFound(`training shape "${wanted}"`);
    const { items, ...rest } = page(found.map(shapeVersion), parse(PageQuery, request.query));
    return { trainingShapeVersions: items, ...rest };
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
