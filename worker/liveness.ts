/** Says again and again that this worker's event loop moves: in the store for people, in a file for who keeps the process. */
import { writeFileSync } from 'node:fs';
import type { Logger } from 'pino';
import type { Station } from './station.ts';

const FILE_MS = 2_000;
const STORE_MS = 15_000;

export interface Liveness {
  /** The worker ends in good order. */
  end(): Promise<void>;
}

/** Resolves once the first word is in the store: from then on clients know the queue. */
export async function showLiveness(station: Station, file: string | undefined, logger: Logger): Promise<Liveness> {
  const { store, queueName, taskQueue, place, workerId } = station;
  const note = (): Promise<void> => store.noteWorker({ id: workerId, queueName, taskQueue, ...place });
  await note();
  const touch = (): void => {
    try {
      if (file !== undefined) writeFileSync(file, `${Date.now()}\n`);
    } catch (error) {
      logger.debug({ err: error }, 'the liveness file could not be written');
    }
  };
  touch();
  // A store that is locked for a while, or lost, must not end the worker: what it holds has still to be returned.
  const timers = [
    setInterval(touch, FILE_MS),
    setInterval(() => void note().catch((error: unknown) => logger.debug({ err: error }, 'not noted')), STORE_MS),
  ];
  return {
    async end() {
      for (const timer of timers) clearInterval(timer);
      await store.endWorker(workerId).catch(() => undefined);
    },
  };
}
