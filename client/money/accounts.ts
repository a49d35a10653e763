/** Named budgets from outside: set by a worker, read from the store. */
import { randomUUID } from 'node:crypto';
import { periodAt, type Account } from '../../domain/decide/accounts.ts';
import { SET_ACCOUNT_WORKFLOW_TYPE } from '../../domain/words/accounts.ts';
import type { StoredAccount, StoredGrant } from '../../store/rows/account-records.ts';
import { UserError } from '../errors.ts';
import type { RunStore } from '../runs/run-store.ts';
import type { TemporalLink } from '../temporal/temporal-link.ts';
import { whoAsks } from '../who.ts';

export interface AccountView extends StoredAccount {
  /** The day that its period began, and the one that the next begins (UTC). */
  readonly begins: string;
  readonly ends: string;
  /** What runs came to that are over, and what those that go on have reserved. */
  readonly spent: number;
  readonly reserved: number;
  readonly grants: readonly StoredGrant[];
}

export class Accounts {
  readonly #temporal: TemporalLink;
  readonly #store: RunStore;

  constructor(temporal: TemporalLink, store: RunStore) {
    this.#temporal = temporal;
    this.#store = store;
  }

  /** Makes it, or gives it another limit; runs that wait for it go on within a minute. */
  async set(account: Account): Promise<void> {
    const queue = await this.#temporal.queue();
    if (!(await this.#temporal.hasWorker(queue))) {
      throw new UserError(`No worker polls the task queue ${queue}.`, 'Start one with `pawl up`.');
    }
    const input = { ...account, by: whoAsks() };
    await this.#temporal.execute(SET_ACCOUNT_WORKFLOW_TYPE, `pawl-budgets-${randomUUID()}`, { input });
  }

  /** By name, as they stand in their period of now. */
  async list(): Promise<readonly AccountView[]> {
    const reader = await this.#store.reader();
    const views: AccountView[] = [];
    for (const account of (await reader?.accounts()) ?? []) {
      const { begins, untilMs } = periodAt(account.per, Date.now());
      const grants = (await reader?.grants(account.name, begins)) ?? [];
      const sum = (settled: boolean): number =>
        grants.filter((grant) => grant.settled === settled).reduce((total, { granted }) => total + granted, 0);
      const ends = new Date(untilMs).toISOString().slice(0, begins.length);
      views.push({ ...account, begins, ends, spent: sum(true), reserved: sum(false), grants });
    }
    return views;
  }

  async show(name: string): Promise<AccountView> {
    const found = (await this.list()).find((account) => account.name === name);
    if (found !== undefined) return found;
    throw new UserError(
      `There is no budget "${name}".`,
      `\`pawl budgets list\` shows them; pawl budgets set ${name} --max-cost 500 --per month makes it.`,
    );
  }

  /** Nothing is submitted that would draw on a budget that is not there. */
  async require(name: string | undefined): Promise<void> {
    if (name !== undefined) await this.show(name);
  }
}
