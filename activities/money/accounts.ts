/** Named budgets: a run reserves what it is about to rent before it does, and what it did not need is others' again. */
import { periodAt, reservedBy, SLICE_MS, type PeriodSpan } from '../../domain/decide/accounts.ts';
import { costsOf } from '../../domain/decide/costs.ts';
import { PawlError } from '../../domain/words/failures-of-calls.ts';
import type { AccountActivities } from '../../domain/words/accounts.ts';
import type { Store, StoredRun } from '../../store/index.ts';

interface Ports {
  readonly store: Store;
}

export function keepingAccounts({ store }: Ports): AccountActivities {
  return {
    async setAccount({ by, ...account }) {
      await store.setAccount({ ...account, setBy: by });
    },

    async reserveRent({ runId, account: name, costPerHour }) {
      const account = await store.account(name);
      if (account === undefined) throw await unknownAccount(store, name);
      const nowMs = Date.now();
      const period = periodAt(account.per, nowMs);
      await settleEnded(store, name, period, nowMs);
      const spent = await spentBy(store, runId, period, nowMs);
      const granted = await store.raiseGrant({
        account: name,
        period: period.begins,
        runId,
        upTo: spent + (costPerHour * SLICE_MS) / 3_600_000,
        maxCost: account.maxCost,
      });
      return reservedBy({ granted, spent }, account, costPerHour, period);
    },
  };
}

async function unknownAccount(store: Store, name: string): Promise<PawlError> {
  const known = (await store.accounts()).map((account) => account.name).join(', ');
  return new PawlError(
    'InvalidRequest',
    `budget.account: there is no budget "${name}". ${known === '' ? 'There is none yet' : `Known are ${known}`}. ` +
      `Make it: pawl budgets set ${name} --max-cost 500 --per month.`,
  );
}

/** What a run that is over had reserved beyond what it came to is free again. */
async function settleEnded(store: Store, account: string, period: PeriodSpan, nowMs: number): Promise<void> {
  for (const { runId, settled } of await store.grants(account, period.begins)) {
    if (settled || !(await isOver(store, runId))) continue;
    const cost = await spentBy(store, runId, period, nowMs);
    await store.settleGrant({ account, period: period.begins, runId, cost });
  }
}

/** Everything returned: one that ended while the platform was away still costs. */
async function isOver(store: Store, runId: string): Promise<boolean> {
  const run = await recorded(store, runId);
  if (run === undefined || run.phase !== 'done') return false;
  return (await store.leases(runId)).every(({ releasedAt }) => releasedAt !== undefined);
}

async function spentBy(store: Store, runId: string, { fromMs, untilMs }: PeriodSpan, nowMs: number): Promise<number> {
  const run = await recorded(store, runId);
  if (run === undefined) return 0;
  const leases = await store.leases(runId);
  return costsOf({ spec: run.spec, leases, rewinds: [], stopped: false }, { nowMs, within: { fromMs, untilMs } }).cost;
}

/** Undefined: nothing of it was written down yet, and nothing rented. */
async function recorded(store: Store, runId: string): Promise<StoredRun | undefined> {
  try {
    return await store.getRun(runId);
  } catch (error) {
    if (error instanceof PawlError && error.type === 'InvalidRequest') return undefined;
    throw error;
  }
}
