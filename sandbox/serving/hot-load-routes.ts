/** Weight sync over HTTP: start a load, and see what each replica serves. */
import type { FastifyInstance, FastifyRequest } from 'fastify';
import { z } from 'zod';
import { invalid, notFound } from '../errors.ts';
import { parse } from '../validate.ts';
import type { Deployment } from './deployment.ts';
import type { Deployments } from './deployments.ts';
import type { CacheReset } from './prompt-cache.ts';

const Identity = z
  .string()
  .regex(
    /^[A-Za-z0-9][A-Za-z0-9._-]{0,127}$/,
    'must be a snapshot identity: letters, digits, ".", "_" and "-", no "/"',
  );

const HotLoad = z.object({
  identity: Identity,
  reset_prompt_cache: z.union([z.boolean(), z.enum(['all', 'none', 'new_session'])]).optional(),
  incremental_snapshot_metadata: z
    .object({
      previous_snapshot_identity: Identity,
      compression_format: z.enum(['xor_one_to_one_zlib', 'xor_one_to_one_zstd', 'arc_v1', 'arc_v2', 'arc_v3']),
      // The platform's own spelling.
      checksum_format: z.literal('alder32'),
    })
    .optional(),
});

const PATH = '/hot_load/v1/models/hot_load';

export function hotLoadRoutes(app: FastifyInstance, account: string, deployments: Deployments): void {
  const target = (request: FastifyRequest): Deployment => {
    const name = header(request, 'fireworks-deployment');
    const prefix = `accounts/${account}/deployments/`;
    if (!name.startsWith(prefix)) throw notFound(`deployment "${name}"`);
    const deployment = deployments.get(name.slice(prefix.length));
    const { baseModel, state } = deployment.record;
    if (state === 'DELETED') throw notFound(`deployment "${name}"`);
    if (header(request, 'fireworks-model') !== baseModel) {
      throw invalid(`header fireworks-model must be the deployment's base model, "${baseModel}"`);
    }
    return deployment;
  };

  app.post(PATH, (request) => {
    const deployment = target(request);
    const { identity, reset_prompt_cache: reset, incremental_snapshot_metadata: delta } = parse(HotLoad, request.body);
    const step = { identity, ...(delta && { previous: delta.previous_snapshot_identity }) };
    deployment.hotLoad(step, resetOf(reset));
    return {};
  });
  app.get(PATH, (request) => ({ replicas: target(request).status() }));
}

function resetOf(asked: boolean | CacheReset | undefined): CacheReset {
  if (typeof asked === 'string') return asked;
  return asked === false ? 'none' : 'all';
}

function header(request: FastifyRequest, name: string): string {
  const value = request.headers[name];
  if (typeof value !== 'string' || value === '') throw invalid(`header ${name} is missing`);
  return value;
}
