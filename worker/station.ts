/** Where a worker stands: its store, its place, and the task queue of both, which nobody else's work can come to. */
import { createHash, randomUUID } from 'node:crypto';
import { readFile, writeFile } from 'node:fs/promises';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { platformKind, type Place } from '../domain/words/place.ts';
import { noteQueue } from '../store/home-queues.ts';
import { openStore, type Store } from '../store/index.ts';

export interface Station {
  readonly store: Store;
  readonly storeId: string;
  readonly place: Place;
  /** The name that people gave. */
  readonly queueName: string;
  /** What is polled. */
  readonly taskQueue: string;
  /** Of this life of the worker. */
  readonly workerId: string;
}

/** Opens the home's store; a new one takes the id of the one before, whose runs and machines it has to look after. */
export async function openStation(options: {
  readonly home: string;
  readonly namespaceId: string;
  readonly place: Place;
  readonly queueName: string;
}): Promise<Station> {
  const { home, namespaceId, place, queueName } = options;
  const idFile = join(home, 'store.id');
  const kept = (await readFile(idFile, 'utf8').catch(() => '')).trim();
  const store = await openStore({
    path: join(home, 'pawl.db'),
    namespaceId,
    place,
    ...(kept !== '' && { storeId: kept }),
  });
  const storeId = await store.storeId();
  if (storeId !== kept) await writeFile(idFile, `${storeId}\n`);
  const taskQueue = queueOf(queueName, storeId, place);
  await noteQueue(home, { taskQueue, queueName });
  return { store, storeId, place, queueName, taskQueue, workerId: `${hostname()}/${process.pid}/${randomUUID()}` };
}

/** Another store, platform or account makes another queue: mixing them up is not possible. */
function queueOf(queueName: string, storeId: string, place: Place): string {
  const mark = createHash('sha256')
    .update(JSON.stringify([storeId, place.platform, place.account]))
    .digest('hex');
  return `${queueName}-${platformKind(place)}-${mark.slice(0, 8)}`;
}
