/** Renting and returning: a trainer and a deployment under ids that were planned before anything was created. */
import { setTimeout as sleep } from 'node:timers/promises';
import { deploymentId, trainerId, type Activities } from '../workflows/contracts.ts';
import { BackendError } from './errors.ts';
import { signal } from './guard.ts';
import type { Backend, DeploymentStatus, TrainerStatus } from './ports.ts';

type Provisioning = Pick<
  Activities,
  'createTrainer' | 'awaitTrainer' | 'createDeployment' | 'awaitDeployment' | 'releaseTrainer' | 'releaseDeployment'
>;

/** A fast platform is not slowed down, a slow one not pestered. */
const POLL_MS = { first: 100, last: 5000 };

export function provisioning({ backend }: { backend: Backend }): Provisioning {
  const { provisioner } = backend;

  return {
    async createTrainer({ runId, plan, spec }) {
      await provisioner.createTrainer(
        {
          id: trainerId(runId),
          shape: spec.model.shape,
          baseModel: plan.baseModel,
          loraRank: spec.model.lora?.rank ?? 0,
          learningRate: spec.train.optimizer.learningRate,
          displayName: `pawl ${runId}`.slice(0, 63),
        },
        signal(),
      );
    },

    async awaitTrainer({ runId }) {
      const id = trainerId(runId);
      await poll(async () => {
        const trainer = await provisioner.getTrainer(id, signal());
        if (trainer === undefined || trainer.phase === 'ended' || trainer.phase === 'deleted') {
          throw gone('trainer', id, trainer);
        }
        return trainer.phase === 'running' && (await backend.trainer(id).healthy(signal()));
      });
    },

    async createDeployment({ runId, plan, spec }) {
      const id = deploymentId(runId);
      const { replicas } = spec.deployment;
      const deployment = await provisioner.createDeployment(
        {
          id,
          baseModel: plan.baseModel,
          shape: plan.shape.deploymentShape,
          trainerId: trainerId(runId),
          replicas,
          description: `pawl run ${runId}`,
        },
        signal(),
      );
      return { deploymentId: id, baseModel: deployment.baseModel, replicas };
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

    async releaseTrainer({ runId }) {
      const id = trainerId(runId);
      await provisioner.deleteTrainer(id, signal());
      let state = 'never created';
      await poll(async () => {
        const trainer = await provisioner.getTrainer(id, signal());
        state = trainer?.state ?? state;
        return trainer === undefined || trainer.phase === 'ended' || trainer.phase === 'deleted';
      });
      return state;
    },

    async releaseDeployment({ runId, onFinish }) {
      const id = deploymentId(runId);
      const before = await provisioner.getDeployment(id, signal());
      if (before === undefined) return 'gone';
      if (onFinish === 'keep') return `${before.state}, kept with ${before.replicas} replicas`;
      if (onFinish === 'scale-to-zero') {
        await provisioner.scaleDeployment(id, 0, signal());
        await poll(async () => (await provisioner.getDeployment(id, signal()))?.replicas === 0);
        return `${before.state}, scaled to zero`;
      }
      await provisioner.deleteDeployment(id, signal());
      let state = 'gone';
      await poll(async () => {
        const deployment = await provisioner.getDeployment(id, signal());
        state = deployment?.state ?? 'gone';
        return deployment === undefined || deployment.phase === 'deleted';
      });
      return state;
    },
  };
}

async function poll(done: () => Promise<boolean>): Promise<void> {
  for (let waitMs = POLL_MS.first; !(await done()); waitMs = Math.min(waitMs * 1.5, POLL_MS.last)) {
    await sleep(waitMs, undefined, { signal: signal() });
  }
}

function gone(kind: string, id: string, status: TrainerStatus | DeploymentStatus | undefined): BackendError {
  const state = status === undefined ? 'it does not exist' : `its state is ${status.state}`;
  const detail = status?.detail === undefined ? '' : `: ${status.detail}`;
  return new BackendError(
    'LostTrainer',
    `${kind} ${id} will not become ready, ${state}${detail}. Look it up on the platform, then start the run again.`,
  );
}
