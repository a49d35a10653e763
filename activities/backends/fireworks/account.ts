/** The account that everything is rented under: named, or the only one that the key sees. */
import { z } from 'zod';
import { BackendError } from '../../../domain/words/failures-of-calls.ts';
import { endpoint } from './call.ts';
import type { Http } from './http.ts';
import type { Settings } from './settings.ts';

/** Resolves the account id; asks the platform at most once. */
export type Account = (signal: AbortSignal) => Promise<string>;

/** A sandbox tells an id of its own, which the managed platform has not. */
const Accounts = z.object({
  accounts: z.array(z.object({ name: z.string().min(1), sandboxId: z.string().optional() })),
});

type AccountRow = z.output<typeof Accounts>['accounts'][number];

export function createAccount(settings: Settings, http: Http): Account {
  let known = settings.account;
  return async (signal) => {
    known ??= await onlyAccount(settings, http, signal);
    return known;
  };
}

/** What the key sees: two say that there is more than one. */
export async function listAccounts(
  settings: Settings,
  http: Pick<Http, 'send'>,
  signal: AbortSignal,
): Promise<readonly AccountRow[]> {
  const { accounts } = await http.send(
    {
      service: 'controlPlane',
      method: 'GET',
      url: endpoint(settings.urls.controlPlane, 'v1/accounts', { pageSize: '2' }),
      timeout: settings.timeouts.controlRead,
      retry: settings.retries.controlPlane,
    },
    Accounts,
    signal,
  );
  return accounts;
}

async function onlyAccount(settings: Settings, http: Http, signal: AbortSignal): Promise<string> {
  const [first, second] = await listAccounts(settings, http, signal);
  if (first === undefined) {
    throw new BackendError('InvalidRequest', 'the Fireworks API key sees no account: use a key of the account to bill');
  }
  if (second !== undefined) {
    throw new BackendError(
      'InvalidRequest',
      'the Fireworks API key sees more than one account: name the one to bill with FIREWORKS_ACCOUNT_ID',
    );
  }
  return first.name.replace(/^accounts\//, '');
}
