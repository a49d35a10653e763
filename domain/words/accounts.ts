/** Named budgets: what people ask of them, and what a run asks. */
import type { Account, Reserved } from '../decide/accounts.ts';

export const SET_ACCOUNT_WORKFLOW_TYPE = 'setAccount';

export interface SetAccountInput extends Account {
  readonly by: string;
}

interface ReserveInput {
  readonly runId: string;
  readonly account: string;
  /** Of all that the run rents. */
  readonly costPerHour: number;
}

export interface AccountActivities {
  setAccount(input: SetAccountInput): Promise<void>;
  /** Reserves the next quarter of an hour, or says why not. Asked again, it is the same quarter. */
  reserveRent(input: ReserveInput): Promise<Reserved>;
}
