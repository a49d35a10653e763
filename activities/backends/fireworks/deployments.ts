/** Deployments that serve a trainer's snapshots: created under an id planned ahead, and linked to that trainer. */
import { z } from 'zod';
import { BackendError } from '../../errors.ts';
import type { DeploymentRequest, DeploymentStatus, Provisioner } from '../../ports.ts';
import { endpoint } from './call.ts';
import { Anything, controlCall, detailOf, Int, Spoken, unlessStatus } from './control-call.ts';
import { oneLine } from './failures.ts';
import { deploymentName, trainerName, type Wire } from './wire.ts';

const Deployment = Spoken.extend({
  state: z.string().default('STATE_UNSPECIFIED'),
  baseModel: z.string().default(''),
  deploymentShape: z.string().optional(),
  hotLoadTrainerJob: z.string().optional(),
  desiredReplicaCount: Int.optional(),
  minReplicaCount: Int.optional(),
  replicaCount: Int.optional(),
});
type Deployment = z.output<typeof Deployment>;

const PHASES: Readonly<Record<string, DeploymentStatus['phase']>> = {
  READY: 'serving',
  UPDATING: 'serving',
  FAILED: 'failed',
  DELETING: 'deleted',
  DELETED: 'deleted',
};

function deploymentPhase(state: string): DeploymentStatus['phase'] {
  return PHASES[state] ?? 'starting';
}

interface Deployments {
  readonly create: Provisioner['createDeployment'];
  readonly get: Provisioner['getDeployment'];
  readonly scale: Provisioner['scaleDeployment'];
  readonly delete: Provisioner['deleteDeployment'];
}

export function createDeployments(wire: Wire): Deployments {
  const { settings, http } = wire;

  async function find(id: string, signal: AbortSignal): Promise<Deployment | undefined> {
    const path = deploymentName(await wire.account(signal), id);
    return unlessStatus(404, http.send(controlCall(settings, 'GET', path), Deployment, signal));
  }

  function statusOf(id: string, row: Deployment): DeploymentStatus {
    const detail = detailOf(row);
    return {
      id,
      state: row.state,
      phase: deploymentPhase(row.state),
      baseModel: row.baseModel,
      // What is rented is what was asked for; what runs right now may lag behind.
      replicas: row.desiredReplicaCount ?? row.minReplicaCount ?? row.replicaCount ?? 0,
      ...(detail === undefined ? {} : { detail: oneLine(http.redact(detail)) }),
    };
  }

  /** A hot-load deployment may stay in creation for ever while it serves: only an answer tells. */
  async function answers(id: string, signal: AbortSignal): Promise<boolean> {
    const model = deploymentName(await wire.account(signal), id);
    return http.succeeds(
      {
        service: 'inference',
        method: 'POST',
        url: endpoint(settings.urls.inference, 'inference/v1/completions'),
        body: JSON.stringify({ model, prompt: [1, 2], max_tokens: 4, temperature: 0 }),
        timeout: settings.timeouts.probe,
        retry: settings.retries.none,
      },
      signal,
    );
  }

  async function adopt(request: DeploymentRequest, account: string, signal: AbortSignal): Promise<DeploymentStatus> {
    const row = await find(request.id, signal);
    if (row === undefined) {
      throw new BackendError(
        'Unavailable',
        `deployment ${request.id} exists and does not exist: the platform disagrees`,
      );
    }
    const status = statusOf(request.id, row);
    if (status.phase === 'failed' || status.phase === 'deleted') {
      const detail = status.detail === undefined ? '' : `: ${status.detail}`;
      throw new BackendError(
        'InvalidRequest',
        `deployment ${request.id} exists in state ${row.state}${detail}. Delete it, or start a new run`,
        { status: 409 },
      );
    }
    const difference = differenceOf(row, request, account);
    if (difference !== undefined) {
      throw new BackendError(
        'InvalidRequest',
        `deployment ${request.id} exists with another ${difference}: start a new run, or delete that deployment`,
        { status: 409 },
      );
    }
    return status;
  }

  return {
    async create(request, signal) {
      const account = await wire.account(signal);
      const call = controlCall(settings, 'POST', `accounts/${account}/deployments`, {
        query: { deploymentId: request.id },
        body: deploymentBody(request, account),
      });
      const row = await unlessStatus(409, http.send(call, Deployment, signal));
      return row === undefined ? adopt(request, account, signal) : statusOf(request.id, row);
    },

    async get(id, signal) {
      const row = await find(id, signal);
      if (row === undefined) return undefined;
      const status = statusOf(id, row);
      const serves = row.state === 'CREATING' && (await answers(id, signal));
      return serves ? { ...status, phase: 'serving' } : status;
    },

    async scale(id, replicas, signal) {
      const call = controlCall(settings, 'PATCH', deploymentName(await wire.account(signal), id), {
        // Without a mask the platform would zero every other field.
        query: { updateMask: 'max_replica_count,min_replica_count' },
        body: { maxReplicaCount: replicas, minReplicaCount: replicas },
      });
      await http.send(call, Anything, signal);
    },

    async delete(id, signal) {
      const call = controlCall(settings, 'DELETE', deploymentName(await wire.account(signal), id), {
        query: { ignoreChecks: 'true', hard: 'true' },
      });
      await unlessStatus(404, http.send(call, Anything, signal));
    },
  };
}

function deploymentBody(request: DeploymentRequest, account: string): object {
  return {
    baseModel: request.baseModel,
    description: request.description,
    minReplicaCount: request.replicas,
    maxReplicaCount: request.replicas,
    enableHotLoad: true,
    forTraining: true,
    hotLoadBucketType: 'FW_HOSTED',
    hotLoadTrainerJob: trainerName(account, request.trainerId),
    // Answers in flight finish on the weights they began with: a sample never spans two versions.
    hotLoadTransitionType: 'SYNC',
    deploymentShape: request.shape,
  };
}

/** What an existing deployment would do differently from the one asked for. Versions of one shape are equal. */
function differenceOf(row: Deployment, request: DeploymentRequest, account: string): string | undefined {
  if (row.baseModel !== request.baseModel) return `base model (${row.baseModel})`;
  const trainer = row.hotLoadTrainerJob;
  if (trainer !== undefined && trainer !== trainerName(account, request.trainerId)) return `trainer (${trainer})`;
  const shape = row.deploymentShape;
  if (shape !== undefined && unversioned(shape) !== unversioned(request.shape)) return `shape (${shape})`;
  return undefined;
}

function unversioned(shape: string): string {
  return shape.replace(/\/versions\/[^/]+$/, '');
}
