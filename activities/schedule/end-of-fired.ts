/** What became of a run or sweep that a schedule started, by Temporal's word and its own record. */
import { PawlError } from '../../domain/words/failures-of-calls.ts';
import type { FiringEnd } from '../../domain/words/schedule.ts';
import type { Store } from '../../store/index.ts';
import { signal } from '../guard.ts';
import { outcomeOfFate } from '../upkeep/fates.ts';
import type { RunDirectory } from '../upkeep/reconcile.ts';

interface Ports {
  readonly store: Store;
  readonly directory: RunDirectory;
}

/** Null: it goes on. */
export async function endOfFired({ store, directory }: Ports, id: string): Promise<FiringEnd | null> {
  const end = await directory.endOf(id, signal());
  if (end === undefined) return null;
  const outcome = outcomeOfFate(end.fate);
  const state = outcome === 'finished' || outcome === 'cancelled' ? outcome : 'failed';
  return { state, reason: (await reasonOf(store, id)) ?? `it ${end.fate}` };
}

async function reasonOf(store: Store, id: string): Promise<string | undefined> {
  const sweep = await store.sweep(id);
  if (sweep !== undefined) return sweep.reason;
  try {
    return (await store.getRun(id)).reason;
  } catch (error) {
    // It ended before a worker took it.
    if (error instanceof PawlError && error.type === 'InvalidRequest') return undefined;
    throw error;
  }
}
