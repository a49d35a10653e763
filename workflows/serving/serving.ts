/** Serving a stored checkpoint again: a deployment for it, the whole chain of its snapshots, and what it is worth. */
import {
  ApplicationFailure,
  CancellationScope,
  proxyActivities,
  workflowInfo,
  type ActivityOptions,
} from '@temporalio/workflow';
import { activities, CALL, COMMON } from '../activities.ts';
import { untilServing } from '../waiting.ts';
import type { AppraisalInput, ServingActivities } from '../../domain/words/serving.ts';
import type { Checkpoint, SyncResult, Target } from '../../domain/words/checkpoint.ts';
import type { Evaluation } from '../../domain/words/evaluation.ts';
import type { Place } from '../../domain/words/place.ts';
import { failureType, rootMessage } from '../failures.ts';
import { appraisalEvaluationId } from '../../domain/words/names.ts';
import type { ServableCheckpoint } from '../../domain/words/serving.ts';

/** How often a checkpoint is loaded and evaluated before it is given up. */
const MAX_ATTEMPTS = 3;

const OPTIONS: Partial<Record<keyof ServingActivities, ActivityOptions>> = {
  // Its pods restart.
  linkDeployment: { ...COMMON, startToCloseTimeout: '2h', scheduleToCloseTimeout: '4h' },
};

function proxied<Name extends keyof ServingActivities>(name: Name): ServingActivities[Name] {
  return proxyActivities<ServingActivities>(OPTIONS[name] ?? CALL)[name];
}

export const serving: ServingActivities = {
  openCheckpoint: proxied('openCheckpoint'),
  findDeployment: proxied('findDeployment'),
  linkDeployment: proxied('linkDeployment'),
  resetDeployment: proxied('resetDeployment'),
  readReplicas: proxied('readReplicas'),
  beginAppraisal: proxied('beginAppraisal'),
  endAppraisal: proxied('endAppraisal'),
  recordRollback: proxied('recordRollback'),
  standing: proxied('standing'),
};

/** A deployment that this workflow rents. */
export interface RentedDeployment {
  readonly target: Target;
  /** Whose snapshots it can load. */
  trainerId: string;
}

/** Rents one replica for a checkpoint of a run; it is returned however the work ends. */
export async function rentDeployment(
  { runId, deploymentId }: { runId: string; deploymentId: string },
  { plan, spec, trainerId }: ServableCheckpoint,
): Promise<RentedDeployment> {
  const one = { ...spec, deployment: { ...spec.deployment, replicas: 1 } };
  const holder = workflowInfo().workflowId;
  const target = await activities.createDeployment({ runId, deploymentId, trainerId, plan, spec: one, holder });
  await untilServing(target);
  return { target, trainerId };
}

/** Returns the platform's last word on it. */
export function returnDeployment(deploymentId: string, { platform, account }: Place): Promise<string> {
  const place = { platform, account };
  return CancellationScope.nonCancellable(() =>
    activities.releaseDeployment({ deploymentId, onFinish: 'delete', place }),
  );
}

/**
 * Loads the base, then each delta on the identity it was made from, each confirmed on every replica. Nobody knows what a
 * failed load left behind, so after one it begins again with the base, which loads on anything.
 */
export async function loadChain(target: Target, snapshots: readonly Checkpoint[]): Promise<SyncResult[]> {
  for (let attempt = 1; ; attempt++) {
    try {
      const loaded: SyncResult[] = [];
      for (const { identity, previousIdentity } of snapshots) {
        const previous = previousIdentity === undefined ? {} : { previousIdentity };
        loaded.push(await activities.syncSnapshot({ target, identity, ...previous }));
      }
      return loaded;
    } catch (error) {
      if (failureType(error) !== 'SyncFailed' || attempt >= MAX_ATTEMPTS) throw error;
    }
  }
}

/** Loads a checkpoint on a rented deployment and evaluates it, until one identity stands behind every sample. */
export async function appraiseOn(
  deployment: RentedDeployment,
  { snapshots, trainerId, plan }: ServableCheckpoint,
  input: AppraisalInput,
): Promise<{ evaluation: Evaluation; loaded: readonly SyncResult[] }> {
  const { appraisalId, subject, suite, seedsOf } = input;
  const { target } = deployment;
  const checkpoint = snapshots.at(-1);
  if (checkpoint === undefined) throw ApplicationFailure.nonRetryable('nothing to load', 'InvalidRequest');
  await serving.beginAppraisal(input);
  try {
    if (deployment.trainerId !== trainerId) {
      await serving.linkDeployment({ deploymentId: target.deploymentId, trainerId, plan });
      await untilServing(target);
      deployment.trainerId = trainerId;
    }
    let reason = '';
    for (let attempt = 1; attempt <= MAX_ATTEMPTS; attempt++) {
      const loaded = await loadChain(target, snapshots);
      const outcome = await activities.evaluate({
        runId: subject.runId,
        evaluationId: appraisalEvaluationId(subject, appraisalId, attempt),
        target,
        checkpoint,
        appraisal: appraisalId,
        ...suite,
        ...(seedsOf !== undefined && { seedsOf }),
      });
      if (outcome.kind === 'scored') {
        await serving.endAppraisal({ appraisalId, subject, evaluation: outcome.evaluation });
        return { evaluation: outcome.evaluation, loaded };
      }
      reason = outcome.reason;
    }
    throw ApplicationFailure.nonRetryable(
      `checkpoint ${checkpoint.name} could not be evaluated in ${MAX_ATTEMPTS} attempts: ${reason}`,
      'SyncFailed',
    );
  } catch (error) {
    const failure = rootMessage(error);
    await CancellationScope.nonCancellable(() => serving.endAppraisal({ appraisalId, subject, failure }));
    throw error;
  }
}
