/** An appraisal: a stored checkpoint is evaluated on a deployment of its own, beside any run. */
import type { Appraisal, AppraisalInput } from '../../domain/words/serving.ts';
import { appraiseOn, rentDeployment, returnDeployment, serving } from './serving.ts';

export async function appraise(input: AppraisalInput): Promise<Appraisal> {
  const { appraisalId, subject } = input;
  const checkpoint = await serving.openCheckpoint(subject);
  let deploymentState = '';
  let found: Awaited<ReturnType<typeof appraiseOn>>;
  try {
    const deployment = await rentDeployment({ runId: subject.runId, deploymentId: appraisalId }, checkpoint);
    found = await appraiseOn(deployment, checkpoint, input);
  } finally {
    deploymentState = await returnDeployment(appraisalId, checkpoint.plan);
  }
  return { appraisalId, ...found, deploymentState };
}
