/** Deleting what was rented, down to the platform's last word on it. Deleting twice is deleting once. */
import { setTimeout as sleep } from 'node:timers/promises';
import { signal } from '../guard.ts';
import type { Provisioner } from '../ports.ts';

/** What is said of a lease that the platform knows nothing of. */
export const NEVER_CREATED = 'never created';

/** A fast platform is not slowed down, a slow one not pestered. */
const POLL_MS = { first: 100, last: 5000 };

export async function deleteTrainer(provisioner: Provisioner, id: string): Promise<string> {
  await provisioner.deleteTrainer(id, signal());
  let state: string = NEVER_CREATED;
  await poll(async () => {
    const trainer = await provisioner.getTrainer(id, signal());
    state = trainer?.state ?? state;
    return trainer === undefined || trainer.phase === 'ended' || trainer.phase === 'deleted';
  });
  return state;
}

export async function deleteDeployment(provisioner: Provisioner, id: string): Promise<string> {
  if ((await provisioner.getDeployment(id, signal())) === undefined) return NEVER_CREATED;
  await provisioner.deleteDeployment(id, signal());
  let state = 'gone';
  await poll(async () => {
    const deployment = await provisioner.getDeployment(id, signal());
    state = deployment?.state ?? 'gone';
    return deployment === undefined || deployment.phase === 'deleted';
  });
  return state;
}

/** Until it is done, or the activity is cancelled. */
export async function poll(done: () => Promise<boolean>): Promise<void> {
  for (let waitMs = POLL_MS.first; !(await done()); waitMs = Math.min(waitMs * 1.5, POLL_MS.last)) {
    await sleep(waitMs, undefined, { signal: signal() });
  }
}
