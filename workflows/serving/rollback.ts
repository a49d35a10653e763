/** A rollback: an existing deployment is brought to an earlier checkpoint, and every replica proves it. */
import { ApplicationFailure } from '@temporalio/workflow';
import { untilServing } from '../waiting.ts';
import type { Checkpoint } from '../../domain/words/checkpoint.ts';
import type { RollbackInput, RollbackReport } from '../../domain/words/serving.ts';
import { failureType, rootMessage } from '../failures.ts';
import { loadChain, serving } from './serving.ts';
import type { FoundDeployment, ServableCheckpoint } from '../../domain/words/serving.ts';

export async function rollback(input: RollbackInput): Promise<RollbackReport> {
  const { deploymentId, subject, force } = input;
  // Nothing is touched before both are known to fit.
  const servable = await serving.openCheckpoint(subject);
  const found = await serving.findDeployment({ deploymentId, plan: servable.plan, force });
  const checkpoint = servable.snapshots.at(-1);
  if (checkpoint === undefined) throw ApplicationFailure.nonRetryable('nothing to load', 'InvalidRequest');
  const report = await takeBack(found, servable, checkpoint).catch((error: unknown) => {
    throw leftOpen(input, checkpoint, error);
  });
  await serving.recordRollback({ rollback: input, report });
  return report;
}

async function takeBack(
  { target, trainerId, identity }: FoundDeployment,
  servable: ServableCheckpoint,
  checkpoint: Checkpoint,
): Promise<RollbackReport> {
  const { deploymentId } = target;
  const relinked = trainerId !== servable.trainerId;
  if (relinked) {
    await serving.linkDeployment({ deploymentId, trainerId: servable.trainerId, plan: servable.plan });
    await untilServing(target);
  } else {
    await serving.resetDeployment({ deploymentId });
  }
  const loaded = await loadChain(target, servable.snapshots);
  const replicas = await serving.readReplicas({ target });
  const stranger = replicas.findIndex((replica) => replica.identity !== checkpoint.identity);
  if (replicas.length < target.replicas || stranger !== -1) {
    const serves = replicas[stranger]?.identity ?? 'its original weights';
    const problem =
      stranger === -1
        ? `${replicas.length} of ${target.replicas} replicas answer`
        : `replica ${stranger + 1} serves ${serves}`;
    throw ApplicationFailure.nonRetryable(problem, 'SyncFailed');
  }
  return {
    deploymentId,
    checkpoint,
    ...(identity !== undefined && { previousIdentity: identity }),
    ...(relinked && trainerId !== undefined && { previousTrainer: trainerId }),
    loaded,
    replicas,
  };
}

/** From the first change on a failure leaves something open, which must be said. */
function leftOpen({ deploymentId }: RollbackInput, checkpoint: Checkpoint, error: unknown): ApplicationFailure {
  return ApplicationFailure.nonRetryable(
    `deployment ${deploymentId} was not brought to ${checkpoint.identity}, and may serve anything now: ` +
      `${rootMessage(error)}. Roll it back again`,
    failureType(error) ?? 'SyncFailed',
  );
}
