/** The task queue that the workers of a home poll, as they said themselves. */
import { join } from 'node:path';
import { openStore } from '../store/index.ts';

export async function taskQueueOf(home: string, queueName = 'pawl'): Promise<string> {
  const store = await openStore({ path: join(home, 'pawl.db'), readonly: true });
  try {
    const worker = (await store.workers()).find((one) => one.queueName === queueName);
    if (worker === undefined) throw new Error(`no worker of ${queueName} has worked for ${home}`);
    return worker.taskQueue;
  } finally {
    await store.close();
  }
}
