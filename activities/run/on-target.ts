/** Work with a deployment: where it fails, whether the deployment is there at all is looked at before anything is concluded. */
import type { Target } from '../../domain/words/checkpoint.ts';
import { BackendError, PawlError } from '../../domain/words/failures-of-calls.ts';
import { signal } from '../guard.ts';
import type { Backend, DeploymentStatus } from '../ports.ts';

/** Fails as the work did; with `DeploymentGone` where the platform has it no more, or gave it up. */
export async function onTarget<T>({ provisioner }: Backend, target: Target, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (!(error instanceof PawlError) || signal().aborted || ABOUT_OTHERS.has(error.type)) throw error;
    const { deploymentId: id } = target;
    const deployment = await provisioner.getDeployment(id, signal()).catch(() => 'unknown' as const);
    if (deployment === 'unknown' || !isGone(deployment)) throw error;
    const state = deployment === undefined ? 'it does not exist' : `its state is ${deployment.state}`;
    throw new BackendError('DeploymentGone', `deployment ${id} is lost, ${state}: ${error.message}`, { cause: error });
  }
}

/** Failures that say nothing of the deployment. */
const ABOUT_OTHERS: ReadonlySet<string> = new Set(['GraderFailed', 'Unauthorized', 'LostTrainer', 'TrainerGone']);

export function isGone(deployment: DeploymentStatus | undefined): boolean {
  return deployment === undefined || deployment.phase === 'failed' || deployment.phase === 'deleted';
}
