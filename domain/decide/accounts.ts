/** Named budgets: limits per day, week or month (UTC) that runs draw on together. Pure. */

export const PERIODS = ['day', 'week', 'month'] as const;
export type Period = (typeof PERIODS)[number];

export interface Account {
  readonly name: string;
  readonly maxCost: number;
  readonly per: Period;
}

export interface PeriodSpan {
  /** The day it begins, e.g. 2026-11-01: part of the key of what was reserved. */
  readonly begins: string;
  readonly fromMs: number;
  readonly untilMs: number;
}

const DAY_MS = 86_400_000;

export function periodAt(per: Period, nowMs: number): PeriodSpan {
  const day = Math.floor(nowMs / DAY_MS) * DAY_MS;
  const date = new Date(day);
  if (per === 'day') return spanOf(day, day + DAY_MS);
  if (per === 'week') {
    // Of Monday.
    const monday = day - ((date.getUTCDay() + 6) % 7) * DAY_MS;
    return spanOf(monday, monday + 7 * DAY_MS);
  }
  const [year, month] = [date.getUTCFullYear(), date.getUTCMonth()];
  return spanOf(Date.UTC(year, month), Date.UTC(year, month + 1));
}

function spanOf(fromMs: number, untilMs: number): PeriodSpan {
  return { begins: new Date(fromMs).toISOString().slice(0, 'YYYY-MM-DD'.length), fromMs, untilMs };
}

/** A run reserves so much time ahead: what one that dies may leave reserved, and how often others are asked after. */
export const SLICE_MS = 900_000;
/** Less is not worth a machine. */
const LEAST_MS = 1_000;

export interface Grant {
  /** What the run may have come to in this period, all together. */
  readonly granted: number;
  /** What it came to so far. */
  readonly spent: number;
}

export type Reserved =
  | { readonly kind: 'granted'; readonly leftMs: number }
  | { readonly kind: 'refused'; readonly reason: string; readonly untilMs: number };

export function reservedBy(
  { granted, spent }: Grant,
  account: Account,
  costPerHour: number,
  period: PeriodSpan,
): Reserved {
  const leftMs = costPerHour === 0 ? SLICE_MS : ((granted - spent) / costPerHour) * 3_600_000;
  if (leftMs >= LEAST_MS) return { kind: 'granted', leftMs };
  const { name, maxCost, per } = account;
  const reason = `budget.account ${name}: ${maxCost} per ${per} is used up, or reserved by runs that go on`;
  return { kind: 'refused', reason, untilMs: period.untilMs };
}
