/** A sandbox with one trainer, and a store beside it: what a test of a trainer's work rents, and returns. */
import { join } from 'node:path';
import { Fireworks } from '../../activities/backends/fireworks/index.ts';
import { openStore, type Store } from '../../store/index.ts';
import { newFolder } from '../data/fixtures.ts';
import { Sandbox } from './harness.ts';

export interface RentedTrainer {
  readonly folder: string;
  readonly sandbox: Sandbox;
  readonly fireworks: Fireworks;
  readonly store: Store;
  close(): Promise<void>;
}

/** The trainer is ready when this resolves. */
export async function rentTrainer(
  request: Parameters<Fireworks['trainerJobs']['createAndWait']>[0],
): Promise<RentedTrainer> {
  const folder = await newFolder();
  const sandbox = await Sandbox.start();
  const fireworks = new Fireworks({ apiKey: 'any-key', baseUrl: sandbox.url });
  await fireworks.trainerJobs.createAndWait(request);
  const store = await openStore({ path: join(folder, 'pawl.db') });
  const close = async (): Promise<void> => {
    await store.close();
    await fireworks.close();
    await sandbox.close();
  };
  return { folder, sandbox, fireworks, store, close };
}
