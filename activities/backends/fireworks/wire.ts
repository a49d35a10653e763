/** What every part of this backend is built from: settings, the HTTP client and the account. */
import type { Account } from './account.ts';
import type { Http } from './http.ts';
import type { Settings } from './settings.ts';

export interface Wire {
  readonly settings: Settings;
  readonly http: Http;
  readonly account: Account;
}

/** Full resource names, as the platform spells them. */
export function trainerName(account: string, id: string): string {
  return `accounts/${account}/rlorTrainerJobs/${id}`;
}

export function deploymentName(account: string, id: string): string {
  return `accounts/${account}/deployments/${id}`;
}
