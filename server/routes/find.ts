/** What an address names, looked up: where nothing is known by the name, that is the answer. */
import { PawlError } from '../../store/index.ts';
import { messageOf, NotFoundError, UnreachableError, UserError } from '../../client/errors.ts';
import { Problem } from '../problem.ts';
import type { Services } from '../services.ts';

export async function findRun({ runs }: Services, reference: string): Promise<string> {
  return found(() => runs.resolve(reference));
}

export async function findSweep({ runs }: Services, reference: string): Promise<string> {
  return found(() => runs.sweeps.resolve(reference));
}

/** Of a look-up: whatever is wrong with the name, nothing is known by it. */
export async function found<T>(lookUp: () => Promise<T>): Promise<T> {
  try {
    return await lookUp();
  } catch (error) {
    if (error instanceof NotFoundError || error instanceof UnreachableError) throw error;
    const unknown = error instanceof UserError || (error instanceof PawlError && error.type === 'InvalidRequest');
    if (!unknown) throw error;
    throw new Problem('not-found', { detail: messageOf(error) }, { cause: error });
  }
}
