/** Named budgets in the words of the domain: what workers write of them and people read. */
import type { Account } from '../../domain/decide/accounts.ts';

export interface StoredAccount extends Account {
  readonly setBy: string;
  readonly setAt: string;
}

export interface StoredGrant {
  readonly account: string;
  /** The day that the period begins. */
  readonly period: string;
  readonly runId: string;
  readonly granted: number;
  /** Its run is over: this is what it came to. */
  readonly settled: boolean;
}

export interface AccountReader {
  account(name: string): Promise<StoredAccount | undefined>;
  /** By name. */
  accounts(): Promise<readonly StoredAccount[]>;
  grants(account: string, period: string): Promise<readonly StoredGrant[]>;
}

export interface AccountWriter {
  /** Replaces what it was; what is reserved stays. */
  setAccount(account: Account & { readonly setBy: string }): Promise<void>;
  /**
   * In one statement, whoever else asks: raises what a run may come to, as far as the others leave room for it. Never lowers it.
   * Returns what it may come to.
   */
  raiseGrant(asked: {
    readonly account: string;
    readonly period: string;
    readonly runId: string;
    readonly upTo: number;
    readonly maxCost: number;
  }): Promise<number>;
  /** Its run is over and came to this. */
  settleGrant(of: {
    readonly account: string;
    readonly period: string;
    readonly runId: string;
    readonly cost: number;
  }): Promise<void>;
}
