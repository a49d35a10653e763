/** A deletion is believed when it is seen: what was agreed to and not done goes on costing. */
import { BackendError } from '../../../domain/words/failures-of-calls.ts';
import { pollFor } from './poll.ts';
import type { Wire } from './wire.ts';

/** Looks at once, and for a moment longer. `stateOf` answers undefined when it is gone, or costs nothing any more. */
export async function requireGone(
  { settings: { polls, logger } }: Wire,
  what: string,
  signal: AbortSignal,
  stateOf: () => Promise<string | undefined>,
): Promise<void> {
  let state: string | undefined;
  const look = async (): Promise<true | undefined> => {
    state = await stateOf();
    return state === undefined ? true : undefined;
  };
  if ((await pollFor(polls.deletion, polls.deletionSeenMs, look, signal)) === true) return;
  const why = `the platform agreed to delete ${what}, and its state is ${state}: it goes on costing`;
  logger.warn({}, why);
  throw new BackendError('Unavailable', why);
}
