/** Which platform answers: the managed one by its address, a sandbox by the id that only a sandbox tells. */
import { BackendError } from '../../../domain/words/failures-of-calls.ts';
import type { Place } from '../../../domain/words/place.ts';
import { listAccounts } from './account.ts';
import type { Wire } from './wire.ts';

/** A key of a named account may not be allowed to list accounts; a sandbox lets every key. */
const REFUSED: ReadonlySet<number | undefined> = new Set([401, 403, 404]);

/** The managed platform stays itself and is asked once; behind a sandbox's address there may be another one tomorrow. */
export function createPlace(wire: Wire): (signal: AbortSignal) => Promise<Place> {
  let managed: Place | undefined;
  return async (signal) => {
    if (managed !== undefined) return managed;
    const account = await wire.account(signal);
    const sandbox = await sandboxId(wire, account, signal);
    if (sandbox !== undefined) return { platform: `sandbox:${sandbox}`, account };
    managed = { platform: `fireworks:${new URL(wire.settings.urls.controlPlane).origin}`, account };
    return managed;
  };
}

async function sandboxId({ settings, http }: Wire, account: string, signal: AbortSignal): Promise<string | undefined> {
  try {
    const accounts = await listAccounts(settings, http, signal);
    return accounts.find(({ name }) => name.replace(/^accounts\//, '') === account)?.sandboxId;
  } catch (error) {
    if (settings.account !== undefined && error instanceof BackendError && REFUSED.has(error.status)) return undefined;
    throw error;
  }
}
