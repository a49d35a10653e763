/** Renting and returning: a trainer and a deployment under ids that were planned before anything was created. */
import { setTimeout as sleep } from 'node:timers/promises';
import { toldOfWaiting, type CapacityWait } from '../../domain/decide/told-of-waiting.ts';
import type { Activities, MachineSight } from '../../domain/words/run.ts';
import type { Connection } from '../../domain/words/checkpoint.ts';
import { BackendError } from '../../domain/words/failures-of-calls.ts';
import type { RunSpec } from '../../domain/spec/spec.ts';
import { machineLabel } from '../../domain/words/machines.ts';
import { signal } from '../guard.ts';
import { storeMark } from '../store-mark.ts';
import type { Backend, DeploymentStatus, TrainerStatus } from '../ports.ts';
import { deleteDeployment, deleteTrainer, NEVER_CREATED, poll } from './release.ts';
import { isGone } from './on-target.ts';
import type { Lease, Store } from '../../store/index.ts';

type Provisioning = Pick<
  Activities,
  | 'createTrainer'
  | 'lookTrainer'
  | 'resumeTrainer'
  | 'createDeployment'
  | 'lookDeployment'
  | 'handOver'
  | 'tryAccess'
  | 'releaseTrainer'
  | 'releaseDeployment'
>;

/** An id that no run plans. */
const NOBODYS_TRAINER = 'pawl-access';

/** What the platform takes as a name for people. */
const LONGEST_LABEL = 63;

/** A trainer that is busy with what nobody needs any more is not waited for. */
const UNLOAD_MS = 30_000;

/** A store that is away must not keep machines from being returned. */
const NOTE_MS = 5_000;

export function provisioning({ backend, store }: { backend: Backend; store: Store }): Provisioning {
  const { provisioner } = backend;

  return {
    async createTrainer({ runId, trainerId, plan, spec, frozen = false }) {
      const { shape, referenceShape, lora } = spec.model;
      const chosen = frozen ? referenceShape : shape;
      const request = async () => ({
        id: trainerId,
        ...(chosen !== undefined && { shape: chosen }),
        baseModel: plan.baseModel,
        loraRank: lora?.rank ?? 0,
        ...(frozen && { forwardOnly: true }),
        learningRate: spec.train.optimizer.learningRate,
        displayName: (await labelFor(runId)).slice(0, LONGEST_LABEL),
      });
      await rent(runId, { kind: 'trainer', id: trainerId }, async () =>
        provisioner.createTrainer(await request(), signal()),
      );
    },

    async lookTrainer({ trainerId, waits }) {
      const trainer = await provisioner.getTrainer(trainerId, signal());
      const runs = trainer?.phase === 'running' && (await backend.trainer(trainerId).healthy(signal()));
      const sight = sightOf(trainer, trainer === undefined ? 'gone' : TRAINER_STANDINGS[trainer.phase], runs);
      if (sight.standing === 'capacity' && waits !== undefined) await tellWaiting(waits, trainerId, sight);
      return sight;
    },

    async resumeTrainer({ trainerId }) {
      await provisioner.resumeTrainer(trainerId, signal());
    },

    async createDeployment({ runId, deploymentId, trainerId, plan, spec, holder }) {
      const { replicas } = spec.deployment;
      const request = async () => ({
        id: deploymentId,
        baseModel: plan.baseModel,
        shape: plan.shape.deploymentShape,
        trainerId,
        replicas,
        description: await labelFor(runId),
      });
      const lease = { kind: 'deployment', id: deploymentId, ...(holder !== undefined && { holder }) } as const;
      const deployment = await rent(runId, lease, async () => provisioner.createDeployment(await request(), signal()));
      const { platform, account } = plan;
      return { deploymentId, baseModel: deployment.baseModel, replicas, platform, account };
    },

    async lookDeployment({ target }) {
      const deployment = await provisioner.getDeployment(target.deploymentId, signal());
      // Serving is not enough: a load sent before the replicas' manager is up can be lost.
      const serves =
        deployment?.phase === 'serving' && (await backend.weightSync.replicas(target, signal())).length > 0;
      return sightOf(deployment, isGone(deployment) ? 'gone' : 'starting', serves);
    },

    async handOver({ to, machines, connection }) {
      if (connection !== undefined) await unload(connection);
      for (const lease of machines) await store.holdLease(lease, to);
    },

    async tryAccess() {
      // What is asked for does not matter: whoever is refused is told so before it is looked for.
      await provisioner.getTrainer(NOBODYS_TRAINER, signal());
    },

    async releaseTrainer({ trainerId }) {
      const state = await deleteTrainer(provisioner, trainerId);
      await noteReturn({ kind: 'trainer', id: trainerId }, state);
      return state;
    },

    async releaseDeployment({ deploymentId, onFinish }) {
      const state = await letGo(deploymentId, onFinish);
      await noteReturn({ kind: 'deployment', id: deploymentId }, state, { kept: onFinish === 'keep' });
      return state;
    },
  };

  /** Only memory is at stake: a model that stays goes with its session, or with its trainer. */
  async function unload({ trainerId, modelId }: Connection): Promise<void> {
    const late = AbortSignal.any([signal(), AbortSignal.timeout(UNLOAD_MS)]);
    try {
      const pending = await backend.trainer(trainerId).unload(modelId, late);
      await pending.result(late);
    } catch (error) {
      signal().throwIfAborted();
      if (!(error instanceof BackendError) && !late.aborted) throw error;
    }
  }

  /**
   * A machine is returned whatever becomes of the note: a lease that stays open is the reconciler's to end, and so is
   * one that was never seen, as a create of a worker that sleeps may still come.
   */
  async function noteReturn(lease: Lease, state: string, { kept = false } = {}): Promise<void> {
    if (state === NEVER_CREATED) return;
    const late = new AbortController();
    const timer = sleep(NOTE_MS, undefined, { signal: late.signal }).catch(() => undefined);
    const noted = kept ? store.keepLease(lease, state) : store.endLease(lease, state);
    await Promise.race([noted.catch(() => undefined), timer]);
    late.abort();
  }

  /** A store that is away holds nobody up: it is told with the next look. */
  async function tellWaiting(waits: CapacityWait, trainerId: string, { state, detail }: MachineSight): Promise<void> {
    const said = detail === undefined ? state : `${state}, ${detail}`;
    for (const told of toldOfWaiting(waits, trainerId, { nowMs: Date.now(), said })) {
      await store.announce(told).catch(() => undefined);
    }
  }

  /** By it a machine is told from another store's, should this one be lost. */
  async function labelFor(runId: string): Promise<string> {
    return machineLabel(runId, storeMark(await store.storeId()));
  }

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

const TRAINER_STANDINGS = {
  'waiting-for-capacity': 'capacity',
  starting: 'starting',
  running: 'starting',
  ended: 'ended',
  deleted: 'gone',
} as const satisfies Record<TrainerStatus['phase'], MachineSight['standing']>;

function sightOf(
  status: TrainerStatus | DeploymentStatus | undefined,
  standing: MachineSight['standing'],
  ready: boolean,
): MachineSight {
  const { state = 'it does not exist', detail } = status ?? {};
  return { standing: ready ? 'ready' : standing, state, ...(detail !== undefined && { detail }) };
}
