/** A deployment as the control plane spells it: asked for, and answered. Pure. */
import { z } from 'zod';
import type { DeploymentRequest, DeploymentStatus } from '../../ports.ts';
import { detailOf, Int, Spoken } from './control-call.ts';
import { fromOutside } from '../../../domain/words/outside-text.ts';
import type { Redact } from '../../../domain/words/secrets.ts';
import { trainerName } from './wire.ts';

/** A deployment to rent, for rollouts and evaluations of one trainer's snapshots. */
export interface RolloutDeployment extends Omit<DeploymentRequest, 'description'> {
  readonly description?: string;
  /** `SYNC` (default): answers in flight finish on the weights they began with, new ones wait. */
  readonly transition?: 'SYNC' | 'ASYNC';
  /** Disposable, and reclaimed by the platform with its trainer. Default: true. */
  readonly forTraining?: boolean;
  readonly region?: string;
}

export interface Deployment extends DeploymentStatus {
  readonly shape?: string;
  /** Full name of the trainer whose snapshots it loads. */
  readonly trainer?: string;
  readonly transition?: 'SYNC' | 'ASYNC';
  readonly readyReplicas?: number;
  /** What it was described as when it was created. */
  readonly label?: string;
}

/** Without its name and state it is no row, and says nothing. */
export const DeploymentRow = Spoken.extend({
  name: z.string().min(1),
  state: z.string().min(1),
  baseModel: z.string().default(''),
  description: z.string().optional().catch(undefined),
  deploymentShape: z.string().optional(),
  hotLoadTrainerJob: z.string().optional(),
  hotLoadTransitionType: z.string().optional(),
  desiredReplicaCount: Int.optional(),
  minReplicaCount: Int.optional(),
  replicaCount: Int.optional(),
  replicaStats: z.object({ readyReplicaCount: Int.default(0) }).optional(),
});

const PHASES: Readonly<Record<string, DeploymentStatus['phase']>> = {
  READY: 'serving',
  UPDATING: 'serving',
  FAILED: 'failed',
  DELETING: 'deleted',
  DELETED: 'deleted',
};

export function deploymentOf(id: string, row: z.output<typeof DeploymentRow>, redact: Redact): Deployment {
  const detail = detailOf(row);
  const trainer = row.hotLoadTrainerJob || undefined;
  return {
    id,
    state: row.state,
    phase: PHASES[row.state] ?? 'starting',
    baseModel: row.baseModel,
    // What is rented is what was asked for; what runs right now may lag behind.
    replicas: row.desiredReplicaCount ?? row.minReplicaCount ?? row.replicaCount ?? 0,
    ...(row.deploymentShape === undefined ? {} : { shape: row.deploymentShape }),
    ...(trainer === undefined ? {} : linkOf(trainer, row.hotLoadTransitionType)),
    ...(row.description ? { label: fromOutside(row.description, redact) } : {}),
    ...(row.replicaStats === undefined ? {} : { readyReplicas: row.replicaStats.readyReplicaCount }),
    ...(detail === undefined ? {} : { detail: fromOutside(detail, redact) }),
  };
}

function linkOf(
  trainer: string,
  transition: string | undefined,
): Pick<Deployment, 'trainer' | 'trainerId' | 'transition'> {
  return { trainer, trainerId: trainer.split('/').at(-1) ?? trainer, transition: transitionOf(transition) };
}

/** Unspecified means ASYNC. */
function transitionOf(word: string | undefined): 'SYNC' | 'ASYNC' {
  return word === 'SYNC' ? 'SYNC' : 'ASYNC';
}

export function deploymentBody(request: RolloutDeployment, account: string): object {
  return {
    baseModel: request.baseModel,
    description: request.description ?? 'training deployment',
    minReplicaCount: request.replicas,
    maxReplicaCount: request.replicas,
    enableHotLoad: true,
    forTraining: request.forTraining ?? true,
    hotLoadBucketType: 'FW_HOSTED',
    hotLoadTrainerJob: trainerName(account, request.trainerId),
    // By default answers in flight finish on the weights they began with: a sample never spans two versions.
    hotLoadTransitionType: request.transition ?? 'SYNC',
    deploymentShape: request.shape,
    placement: request.region === undefined ? undefined : { region: request.region },
  };
}

/** What an existing deployment would do differently from the one asked for. Versions of one shape are equal. */
export function differenceOf(found: Deployment, request: RolloutDeployment, account: string): string | undefined {
  if (found.baseModel !== request.baseModel) return `base model (${found.baseModel})`;
  const { trainer, shape } = found;
  if (trainer !== undefined && trainer !== trainerName(account, request.trainerId)) return `trainer (${trainer})`;
  if (shape !== undefined && unversioned(shape) !== unversioned(request.shape)) return `shape (${shape})`;
  return undefined;
}

export function unversioned(shape: string): string {
  return shape.replace(/\/versions\/[^/]+$/, '');
}
