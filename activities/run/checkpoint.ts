/** The trainer's slow single calls: session, model, resumable state and snapshots; and bringing a deployment to one. */
import type { Activities } from '../../domain/words/run.ts';
import type { Connection } from '../../domain/words/checkpoint.ts';
import { refuseToRepeat, signal } from '../guard.ts';
import { onTarget } from './on-target.ts';
import type { Backend, Pending, ReplicaStatus } from '../ports.ts';
import { submitStart } from './start-from.ts';
import { connected, inSession } from './session.ts';

type Checkpointing = Pick<
  Activities,
  'openSession' | 'createModel' | 'loadState' | 'loadStart' | 'saveState' | 'saveSnapshot' | 'syncSnapshot'
>;

/** Budget of one load over all replicas (the managed platform's own). */
const SYNC_TIMEOUT_MS = 600_000;

export function checkpointing({ backend }: { backend: Backend }): Checkpointing {
  async function sequenced(
    connection: Connection,
    submit: (trainer: ReturnType<Backend['trainer']>) => Promise<Pending<{ path: string }>>,
  ): Promise<string> {
    refuseToRepeat(backend.replay);
    const trainer = backend.trainer(connection.trainerId);
    return inSession(trainer, connection.sessionId, async () => {
      const pending = await submit(trainer);
      return (await pending.result(signal())).path;
    });
  }

  return {
    async openSession({ runId, trainerId }) {
      return backend.trainer(trainerId).createSession([`pawl:${runId}`], signal());
    },

    async createModel({ trainerId, sessionId, plan, spec }) {
      const trainer = backend.trainer(trainerId);
      const { lora } = spec.model;
      const modelId = await inSession(trainer, sessionId, async () => {
        const request = { sessionId, modelSeq: 0, baseModel: plan.baseModel, ...(lora === undefined ? {} : { lora }) };
        const pending = await trainer.createModel(request, signal());
        return (await pending.result(signal())).modelId;
      });
      const { platform, account } = plan;
      return { trainerId, sessionId, modelId, platform, account };
    },

    async loadState({ connection, path, seq }) {
      const { modelId } = connection;
      await sequenced(connection, (trainer) => trainer.loadState({ modelId, seq, path, optimizer: true }, signal()));
    },

    async loadStart({ connection, start, seq }) {
      const { modelId, trainerId } = connection;
      await sequenced(connection, (trainer) => submitStart(trainer, { start, trainerId, modelId, seq }, signal()));
    },

    async saveState({ connection, name, seq }) {
      const { modelId } = connection;
      return sequenced(connection, (trainer) => trainer.saveState({ modelId, seq, name }, signal()));
    },

    async saveSnapshot({ connection, name, type, seq }) {
      const { modelId } = connection;
      return sequenced(connection, (trainer) => trainer.saveSnapshot({ modelId, seq, name, type }, signal()));
    },

    async syncSnapshot({ connection, target, identity, previousIdentity }) {
      const { weightSync } = backend;
      const snapshot = { identity, ...(previousIdentity !== undefined && { previousIdentity }) };
      const startedMs = Date.now();
      const load = async (): Promise<readonly ReplicaStatus[]> => {
        const now = await weightSync.replicas(target, signal());
        // A retry after a lost answer finds the load done, or under way: asking again would restart a delta on itself.
        const asked = now.length > 0 && now.every((r) => r.identity === identity || r.targetIdentity === identity);
        if (!asked || now.some((replica) => replica.stage === 'error')) {
          await weightSync.load(target, snapshot, signal());
        }
        return weightSync.waitConfirmed(target, snapshot, { timeoutMs: SYNC_TIMEOUT_MS, signal: signal() });
      };
      const replicas = await connected(backend, connection, () => onTarget(backend, target, load));
      return { identity, replicas: replicas.length, seconds: (Date.now() - startedMs) / 1000 };
    },
  };
}
