/** A named budget is set by a worker: it alone writes to the store. */
import { proxyActivities } from '@temporalio/workflow';
import type { AccountActivities, SetAccountInput } from '../../domain/words/accounts.ts';
import { CALL } from '../activities.ts';

const activities = proxyActivities<AccountActivities>({ ...CALL, retry: { ...CALL.retry, maximumAttempts: 5 } });

export async function setAccount(input: SetAccountInput): Promise<void> {
  await activities.setAccount(input);
}
