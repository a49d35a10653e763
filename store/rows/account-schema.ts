/** Columns of named budgets. */
import type { Period } from '../../domain/decide/accounts.ts';

interface AccountsTable {
  name: string;
  maxCost: number;
  per: Period;
  setBy: string;
  setAt: string;
}

interface AccountGrantsTable {
  account: string;
  period: string;
  runId: string;
  granted: number;
  /** SQLite has no truth. */
  settled: 0 | 1;
}

export interface AccountTables {
  accounts: AccountsTable;
  accountGrants: AccountGrantsTable;
}
