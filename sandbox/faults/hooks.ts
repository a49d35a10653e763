/** Carries a plan's effects out: on requests as they pass, and on trainers and replicas. */
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { ApiError, invalid, type ErrorCode } from '../errors.ts';
import type { Deployment } from '../serving/deployment.ts';
import type { Deployments } from '../serving/deployments.ts';
import type { TrainerJobs } from '../trainer/jobs.ts';
import { occasionOf } from './occasion.ts';
import type { Effect, Faults, Occasion } from './plan.ts';

export interface FaultTargets {
  readonly jobs: TrainerJobs;
  readonly deployments: Deployments;
}

type JobEffect = Extract<Effect, { kind: 'preempt' | 'expire_sessions' | 'expire_trainer' }>;
type DeploymentEffect = Extract<Effect, { kind: 'restart_replica' | 'stuck_load' | 'failed_load' | 'stale_replica' }>;

const CODES: Readonly<Record<number, ErrorCode>> = {
  400: 'INVALID_ARGUMENT',
  401: 'UNAUTHENTICATED',
  403: 'PERMISSION_DENIED',
  404: 'NOT_FOUND',
  409: 'ALREADY_EXISTS',
  429: 'RESOURCE_EXHAUSTED',
  500: 'INTERNAL',
};

/** Requests under this path are the plan's own, and never disturbed. */
const FAULT_PATH = '/sandbox/v1/';

export function faultHooks(app: FastifyInstance, faults: Faults, targets: FaultTargets): void {
  /** What is still to happen when the answer is ready. */
  const afterwards = new WeakMap<FastifyRequest, { occasion: Occasion; effects: Effect[] }>();

  app.addHook('preHandler', async (request, reply) => {
    if (request.url.startsWith(FAULT_PATH)) return;
    const occasion = occasionOf(request);
    const effects = faults.strike(occasion);
    if (effects.length > 0) afterwards.set(request, { occasion, effects });
    for (const effect of effects) {
      await before(effect, occasion, request, reply, targets);
      if (reply.sent) return;
    }
  });
  app.addHook('onSend', async (request, reply, payload) => {
    const due = afterwards.get(request);
    for (const effect of due?.effects ?? []) {
      if (effect.kind === 'reset' && effect.when === 'after') reply.raw.destroy();
    }
    return payload;
  });
  app.addHook('onResponse', async (request) => {
    const due = afterwards.get(request);
    for (const effect of due?.effects ?? []) {
      if (effect.kind === 'preempt' && effect.when === 'after' && due !== undefined) {
        await inflict(effect, due.occasion, targets);
      }
    }
  });
}

async function before(
  effect: Effect,
  occasion: Occasion,
  request: FastifyRequest,
  reply: FastifyReply,
  targets: FaultTargets,
): Promise<void> {
  if (effect.kind === 'latency') await new Promise((resolve) => setTimeout(resolve, effect.ms));
  else if (effect.kind === 'status') refuse(effect, reply);
  else if (effect.kind === 'torn_stream') tear(reply, effect.afterEvents);
  else if (effect.kind === 'try_again') {
    if (occasion.operation === 'retrieve_future') await reply.send(tryAgain(request.body, effect.state));
  } else if (effect.kind === 'reset') {
    if (effect.when === 'before') hangUp(reply);
  } else if (effect.kind !== 'preempt' || effect.when === 'before') await inflict(effect, occasion, targets);
}

function refuse(effect: Effect & { kind: 'status' }, reply: FastifyReply): never {
  if (effect.retryAfterSeconds !== undefined) void reply.header('retry-after', String(effect.retryAfterSeconds));
  throw new ApiError(CODES[effect.status] ?? 'UNAVAILABLE', effect.message ?? 'a fault of the plan', effect.status);
}

function hangUp(reply: FastifyReply): void {
  reply.hijack();
  reply.raw.destroy();
}

function tryAgain(body: unknown, state: string): object {
  const id = typeof body === 'object' && body !== null && 'request_id' in body ? body.request_id : undefined;
  return { type: 'try_again', request_id: id, queue_state: state, queue_state_reason: 'a fault of the plan' };
}

/** Cuts the connection once this many server-sent events are out: the last of them is not among them. */
function tear(reply: FastifyReply, events: number): void {
  const { raw } = reply;
  const write = raw.write.bind(raw) as (chunk: string) => boolean;
  let left = events;
  const cut = (): void => {
    raw.flushHeaders();
    // What is out must have arrived: a connection that is destroyed takes unsent bytes along.
    setTimeout(() => raw.destroy(), 10);
  };
  raw.write = ((chunk: string) => {
    if (left-- > 0) return write(chunk);
    cut();
    return false;
  }) as typeof raw.write;
  raw.end = (() => {
    cut();
    return raw;
  }) as typeof raw.end;
}

/** Does to the occasion's job or deployment what needs no request. */
export async function inflict(effect: Effect, occasion: Partial<Occasion>, targets: FaultTargets): Promise<void> {
  if (effect.kind === 'pending') targets.jobs.delayNextStart(effect.ms);
  else if (isOnJob(effect)) await inflictOnJob(effect, named(occasion.job, effect, 'job'), targets.jobs);
  else if (isOnDeployment(effect)) {
    await inflictOnDeployment(effect, targets.deployments.get(named(occasion.deployment, effect, 'deployment')));
  } else throw invalid(`effect "${effect.kind}" is one on a request: give it a rule`);
}

function isOnJob(effect: Effect): effect is JobEffect {
  return effect.kind === 'preempt' || effect.kind === 'expire_sessions' || effect.kind === 'expire_trainer';
}

function isOnDeployment(effect: Effect): effect is DeploymentEffect {
  return effect.kind === 'restart_replica' || effect.kind.endsWith('_load') || effect.kind === 'stale_replica';
}

async function inflictOnJob({ kind }: JobEffect, job: string, jobs: TrainerJobs): Promise<void> {
  if (kind === 'preempt') await jobs.preempt(job);
  else if (kind === 'expire_trainer') await jobs.expire(job);
  else jobs.expireSessions(job);
}

async function inflictOnDeployment(effect: DeploymentEffect, deployment: Deployment): Promise<void> {
  if (effect.kind === 'restart_replica') await deployment.restartReplica(effect.replica ?? 0);
  else if (effect.kind !== 'stale_replica') deployment.disturbNextLoad(effect);
  else deployment.disturbNextLoad({ ...effect, replica: effect.replica ?? deployment.replicas.length - 1 });
}

function named(name: string | undefined, { kind }: Effect, what: string): string {
  if (name === undefined) throw invalid(`effect "${kind}" needs to know its ${what}`);
  return name;
}
