/** What a request is about: the operation, and the job or the deployment that it names anywhere. */
import type { FastifyRequest } from 'fastify';
import type { Occasion } from './plan.ts';

export function occasionOf(request: FastifyRequest): Occasion {
  const { method, url } = request;
  const [path = '', query = ''] = url.split('?');
  const params = new URLSearchParams(query);
  return {
    method,
    url,
    operation: path.split('/').at(-1)?.split(':').at(-1) ?? '',
    job: jobOf(path) ?? params.get('rlorTrainerJobId') ?? undefined,
    deployment:
      /\/deployments\/([^/:]+)/.exec(path)?.[1] ??
      lastPart(request.headers['fireworks-deployment']) ??
      params.get('deploymentId') ??
      deploymentOf(request.body),
  };
}

/** Behind a gateway's path the account stands between the collection and the job; elsewhere it does not. */
function jobOf(path: string): string | undefined {
  const pattern = path.startsWith('/training/') ? /\/rlorTrainerJobs\/[^/]+\/([^/]+)/ : /\/rlorTrainerJobs\/([^/:]+)/;
  return pattern.exec(path)?.[1];
}

function deploymentOf(body: unknown): string | undefined {
  if (typeof body !== 'object' || body === null || !('model' in body) || typeof body.model !== 'string')
    return undefined;
  return /accounts\/[^/]+\/deployments\/([^/@]+)/.exec(body.model)?.[1];
}

function lastPart(name: string | string[] | undefined): string | undefined {
  return typeof name === 'string' ? name.split('/').at(-1) : undefined;
}
