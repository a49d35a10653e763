/** Checkpoints served again: what can be, on which deployment, and what is written down about it. */
import { chainTo } from '../../domain/decide/snapshot-chain.ts';
import type { Checkpoint } from '../../domain/words/checkpoint.ts';
import type { RollbackReport, ServingActivities } from '../../domain/words/serving.ts';
import { PawlError } from '../../domain/words/failures-of-calls.ts';
import type { Compute } from '../compute/compute.ts';
import { tailOf } from '../../domain/decide/looks.ts';
import { packScores } from '../compute/packed-scores.ts';
import { signal } from '../guard.ts';
import type { Backend, DeploymentStatus, ReplicaStatus } from '../ports.ts';
import type { RunDirectory } from '../upkeep/reconcile.ts';
import type { Store } from '../../store/index.ts';

interface Ports {
  readonly backend: Backend;
  readonly store: Store;
  readonly directory: RunDirectory;
  readonly compute: Compute;
}

export function serving({ backend, store, directory, compute }: Ports): ServingActivities {
  const { provisioner, weightSync } = backend;

  /** Whose it is, and whether somebody works with it right now. */
  async function requireFree(deploymentId: string, force: boolean): Promise<void> {
    const lease = await store.deploymentLease(deploymentId);
    if (lease === undefined) {
      if (force) return;
      throw refusal(`Deployment ${deploymentId} was not created by pawl, which would load weights of its own on it`, [
        'give --force if that is what you want',
      ]);
    }
    if (lease.releasedAt !== undefined) return;
    const holder = lease.holder ?? lease.runId;
    if ((await directory.endOf(holder, signal())) !== undefined) return;
    throw refusal(`Deployment ${deploymentId} is used by ${holder}, which goes on`, [
      'wait for its end',
      `or stop it first: \`pawl stop ${lease.runId}\``,
    ]);
  }

  return {
    async openCheckpoint({ runId, checkpoint }) {
      const { plan, spec } = await store.getRun(runId);
      if (plan === undefined) throw refusal(`Run ${runId} was never planned`, ['it has nothing that could be served']);
      const rows = await store.checkpointReports(runId);
      const checkpoints = rows.map((row) => row.checkpoint);
      const chain = chainTo(runId, checkpoints, checkpoint);
      if (chain.kind === 'none') {
        throw refusal(`Checkpoint ${checkpoint} cannot be served: ${chain.reason}`, [remedyOf(checkpoints)]);
      }
      return { snapshots: chain.snapshots, trainerId: chain.trainerId, plan, spec };
    },

    async findDeployment({ deploymentId, plan, force }) {
      await requireFree(deploymentId, force);
      const found = await provisioner.getDeployment(deploymentId, signal());
      requireServing(deploymentId, found, plan.baseModel);
      const target = { deploymentId, baseModel: found.baseModel, replicas: found.replicas };
      const { trainerId } = found;
      const identity = agreed(await weightSync.replicas(target, signal()));
      return { target, ...(trainerId !== undefined && { trainerId }), ...(identity !== undefined && { identity }) };
    },

    async linkDeployment({ deploymentId, trainerId, plan }) {
      const { deploymentShape: shape } = plan.shape;
      await provisioner.reattachDeployment(deploymentId, { trainerId, shape }, signal());
    },

    async resetDeployment({ deploymentId }) {
      await provisioner.resetLedger(deploymentId, signal());
    },

    async readReplicas({ target }) {
      const replicas = await weightSync.replicas(target, signal());
      return replicas.map(({ ready, identity }) => ({ ready, ...(identity !== undefined && { identity }) }));
    },

    async beginAppraisal({ appraisalId, subject, suite, reason }) {
      await store.saveAppraisal({ id: appraisalId, runId: subject.runId, suite, reason });
      const key = `appraisal/${appraisalId}/${subject.checkpoint}`;
      await tell(subject.runId, { key, message: `${appraisalId} looks at ${subject.checkpoint}: ${reason}` });
    },

    async endAppraisal({ appraisalId, subject, evaluation, failure = '' }) {
      const { checkpoint } = subject;
      const key = `appraisal/${appraisalId}/${checkpoint}/end`;
      if (evaluation === undefined) {
        const message = `${appraisalId} could not evaluate ${checkpoint}: ${failure}`;
        await tell(subject.runId, { key, message, level: 'error' });
        return;
      }
      const { score, metric, identity } = evaluation;
      const message = `${appraisalId} found ${metric} ${score.toFixed(4)} for ${checkpoint}, served as ${identity}`;
      await tell(subject.runId, { key, message });
    },

    async recordRollback({ rollback: { rollbackId, deploymentId, subject, requestedBy }, report }) {
      const { checkpoint, previousIdentity } = report;
      await store.saveRollback({
        id: rollbackId,
        deploymentId,
        ...subject,
        identity: checkpoint.identity,
        ...(previousIdentity !== undefined && { previousIdentity }),
        replicas: report.replicas.length,
        requestedBy,
      });
      const message =
        `${deploymentId} was taken back from ${previousIdentity ?? 'other weights'} to ${checkpoint.identity} ` +
        `by ${requestedBy}, confirmed on ${count(report.replicas)}`;
      const lease = await store.deploymentLease(deploymentId);
      for (const runId of new Set([subject.runId, lease?.runId ?? subject.runId])) {
        await tell(runId, { key: `rollback/${rollbackId}`, message, phase: 'sync' });
      }
    },

    async standing({ good, bad, probe, looks = 1 }) {
      const [before, after, between] = await Promise.all([good, bad, probe].map((id) => store.promptScores(id)));
      const scores = { good: packScores(before ?? []), bad: packScores(after ?? []), probe: packScores(between ?? []) };
      return compute.run('statistics.standing', { ...scores, tail: tailOf(looks) }, { signal: signal() });
    },
  };

  async function tell(runId: string, event: Happening): Promise<void> {
    await store.addEvent(runId, { at: new Date().toISOString(), phase: 'evaluate', level: 'info', ...event });
  }
}

interface Happening {
  readonly key: string;
  readonly message: string;
  readonly phase?: 'sync';
  readonly level?: 'error';
}

function requireServing(
  id: string,
  found: DeploymentStatus | undefined,
  baseModel: string,
): asserts found is DeploymentStatus {
  if (found === undefined) throw refusal(`There is no deployment ${id}`, ['it may have been deleted with its run']);
  if (found.phase !== 'serving' || found.replicas === 0) {
    const state = found.replicas === 0 ? `${found.state}, scaled to zero` : found.state;
    throw refusal(`Deployment ${id} does not serve (${state})`, ['scale it up on the platform first']);
  }
  if (found.baseModel === baseModel) return;
  throw refusal(`Deployment ${id} serves ${found.baseModel}, and the checkpoint is of ${baseModel}`, [
    'choose a checkpoint of the same model',
  ]);
}

/** What every replica serves, if it is one thing. */
function agreed(replicas: readonly ReplicaStatus[]): string | undefined {
  const [first] = replicas;
  return replicas.every(({ identity }) => identity === first?.identity) ? first?.identity : undefined;
}

function remedyOf(checkpoints: readonly Checkpoint[]): string {
  const bases = checkpoints.filter(({ snapshotType }) => snapshotType === 'base').map(({ name }) => name);
  return bases.length === 0 ? 'no base of the run is left' : `these are whole: ${bases.slice(-8).join(', ')}`;
}

function refusal(problem: string, remedies: readonly string[]): PawlError {
  return new PawlError('InvalidRequest', `${problem}: ${remedies.join(', ')}.`);
}

function count(replicas: RollbackReport['replicas']): string {
  return replicas.length === 1 ? '1 replica' : `${replicas.length} replicas`;
}
