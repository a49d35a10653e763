/** Deleting what was rented, down to the platform's last word on it. Deleting twice is deleting once. */
import { setTimeout as sleep } from 'node:timers/promises';
import { signal } from '../guard.ts';
import type { Provisioner } from '../ports.ts';

/** What is said of a lease that the platform knows nothing of. */
export const NEVER_CREATED = 'never created';

/** A machine that is still there after so long was not deleted, whatever was answered: it is asked for again. */
const ASK_AGAIN_MS = 15_000;

/** A fast platform is not slowed down, a slow one not pestered. */
const POLL_MS = { first: 100, last: 5000 };

export async function deleteTrainer(provisioner: Provisioner, id: string): Promise<string> {
  await provisioner.deleteTrainer(id, signal());
  const again = atIntervals(ASK_AGAIN_MS);
  let state: string = NEVER_CREATED;
  await poll(async () => {
    const trainer = await provisioner.getTrainer(id, signal());
    state = trainer?.state ?? state;
    if (trainer === undefined || trainer.phase === 'ended' || trainer.phase === 'deleted') return true;
    await again(() => provisioner.deleteTrainer(id, signal()));
    return false;
  });
  return state;
}

export async function deleteDeployment(provisioner: Provisioner, id: string): Promise<string> {
  if ((await provisioner.getDeployment(id, signal())) === undefined) return NEVER_CREATED;
  await provisioner.deleteDeployment(id, signal());
  const again = atIntervals(ASK_AGAIN_MS);
  let state = 'gone';
  await poll(async () => {
    const deployment = await provisioner.getDeployment(id, signal());
    state = deployment?.state ?? 'gone';
    if (deployment === undefined || deployment.phase === 'deleted') return true;
    await again(() => provisioner.deleteDeployment(id, signal()));
    return false;
  });
  return state;
}

/** Calls what it is given, if it has not called anything for so long. */
function atIntervals(everyMs: number): (call: () => Promise<void>) => Promise<void> {
  let lastMs = performance.now();
  return async (call) => {
    if (performance.now() - lastMs < everyMs) return;
    lastMs = performance.now();
    await call();
  };
}

/** Until it is done, or the activity is cancelled. */
export async function poll(done: () => Promise<boolean>): Promise<void> {
  for (let waitMs = POLL_MS.first; !(await done()); waitMs = Math.min(waitMs * 1.5, POLL_MS.last)) {
    await sleep(waitMs, undefined, { signal: signal() });
  }
}
