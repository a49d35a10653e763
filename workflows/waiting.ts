/** Waiting for a machine by timers: nothing is held meanwhile, by no worker. */
import { sleep } from '@temporalio/workflow';
import { activities } from './activities.ts';
import { pollMs } from '../domain/decide/patience.ts';
import type { Target } from '../domain/words/checkpoint.ts';
import { gone } from './failures.ts';

/** Until every replica that was asked for can take weights; fails with `DeploymentGone` where that will never be. */
export async function untilServing(target: Target): Promise<void> {
  const sinceMs = Date.now();
  for (;;) {
    const sight = await activities.lookDeployment({ target });
    if (sight.standing === 'ready') return;
    if (sight.standing === 'gone') throw gone('deployment', target.deploymentId, sight);
    await sleep(pollMs(Date.now() - sinceMs));
  }
}
