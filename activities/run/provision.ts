/** Renting and returning: a trainer and a deployment under ids that were planned before anything was created. */
import type { Activities } from '../../domain/words/run.ts';
import type { RunSpec } from '../../domain/spec/spec.ts';
import { BackendError } from '../../domain/words/failures-of-calls.ts';
import { signal } from '../guard.ts';
import type { Backend, DeploymentStatus, TrainerStatus } from '../ports.ts';
import { deleteDeployment, deleteTrainer, NEVER_CREATED, poll } from './release.ts';
import type { Lease, Store } from '../../store/index.ts';

type Provisioning = Pick<
  Activities,
  'createTrainer' | 'awaitTrainer' | 'createDeployment' | 'awaitDeployment' | 'releaseTrainer' | 'releaseDeployment'
>;

/** A trainer that was asked to go on may say for a while that it has ended. */
const REVIVAL_MS = 30_000;

/** One that keeps ending is broken: asking for ever would rent it for ever. */
const MAX_REVIVALS = 3;

export function provisioning({ backend, store }: { backend: Backend; store: Store }): Provisioning {
  const { provisioner } = backend;

  return {
    async createTrainer({ runId, trainerId, plan, spec }) {
      const request = {
        id: trainerId,
        shape: spec.model.shape,
        baseModel: plan.baseModel,
        loraRank: spec.model.lora?.rank ?? 0,
        learningRate: spec.train.optimizer.learningRate,
        displayName: `pawl ${runId}`.slice(0, 63),
      };
      await rent(runId, { kind: 'trainer', id: trainerId }, () => provisioner.createTrainer(request, signal()));
    },

    async awaitTrainer({ trainerId }) {
      let asked = 0;
      let askedMs: number | undefined;
      await poll(async () => {
        const trainer = await provisioner.getTrainer(trainerId, signal());
        if (trainer === undefined || trainer.phase === 'deleted') throw gone('trainer', trainerId, trainer);
        if (trainer.phase !== 'ended') {
          askedMs = undefined;
        } else if (askedMs === undefined && asked < MAX_REVIVALS) {
          asked += 1;
          askedMs = Date.now();
          await provisioner.resumeTrainer(trainerId, signal());
        } else if (askedMs === undefined || Date.now() - askedMs > REVIVAL_MS) {
          throw gone('trainer', trainerId, trainer);
        }
        return trainer.phase === 'running' && (await backend.trainer(trainerId).healthy(signal()));
      });
    },

    async createDeployment({ runId, deploymentId, trainerId, plan, spec, holder }) {
      const { replicas } = spec.deployment;
      const request = {
        id: deploymentId,
        baseModel: plan.baseModel,
        shape: plan.shape.deploymentShape,
        trainerId,
        replicas,
        description: `pawl run ${runId}`,
      };
      const lease = { kind: 'deployment', id: deploymentId, ...(holder !== undefined && { holder }) } as const;
      const deployment = await rent(runId, lease, () => provisioner.createDeployment(request, signal()));
      return { deploymentId, baseModel: deployment.baseModel, replicas };
    },

    async awaitDeployment({ target }) {
      const id = target.deploymentId;
      await poll(async () => {
        const deployment = await provisioner.getDeployment(id, signal());
        if (deployment === undefined || deployment.phase === 'failed' || deployment.phase === 'deleted') {
          throw gone('deployment', id, deployment);
        }
        // Serving is not enough: a load sent before the replicas' manager is up can be lost.
        return deployment.phase === 'serving' && (await backend.weightSync.replicas(target, signal())).length > 0;
      });
    },

    async releaseTrainer({ trainerId }) {
      const state = await deleteTrainer(provisioner, trainerId);
      // A create of a worker that sleeps may still come: what was never seen stays on the reconciler's list.
      if (state !== NEVER_CREATED) await store.endLease({ kind: 'trainer', id: trainerId }, state);
      return state;
    },

    async releaseDeployment({ deploymentId, onFinish }) {
      const state = await letGo(deploymentId, onFinish);
      if (state !== NEVER_CREATED) await store.endLease({ kind: 'deployment', id: deploymentId }, state);
      return state;
    },
  };

  /** Once more afterwards: a worker that slept in between may create what has been returned, and the lease ended. */
  async function rent<T>(runId: string, lease: Lease, create: () => Promise<T>): Promise<T> {
    await store.planLease(runId, lease);
    try {
      return await create();
    } finally {
      await store.planLease(runId, lease);
    }
  }

  async function letGo(id: string, onFinish: RunSpec['deployment']['onFinish']): Promise<string> {
    const before = await provisioner.getDeployment(id, signal());
    if (before === undefined) return NEVER_CREATED;
    if (onFinish === 'keep') return `${before.state}, kept with ${before.replicas} replicas`;
    if (onFinish === 'scale-to-zero') {
      await provisioner.scaleDeployment(id, 0, signal());
      await poll(async () => (await provisioner.getDeployment(id, signal()))?.replicas === 0);
      return `${before.state}, scaled to zero`;
    }
    return deleteDeployment(provisioner, id);
  }
}

function gone(kind: string, id: string, status: TrainerStatus | DeploymentStatus | undefined): BackendError {
  const state = status === undefined ? 'it does not exist' : `its state is ${status.state}`;
  const detail = status?.detail === undefined ? '' : `: ${status.detail}`;
  return new BackendError(
    'TrainerGone',
    `${kind} ${id} will not become ready, ${state}${detail}. Look it up on the platform, then start the run again.`,
  );
}
