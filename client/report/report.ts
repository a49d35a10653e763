/** Reports from outside: of a run, of a sweep, or of all that happened since a moment. */
import { runReport, sinceReport, sweepReport, type ReportDocument } from '../../report/index.ts';
import { UserError } from '../errors.ts';
import type { RunStore } from '../runs/run-store.ts';
import type { Sweeps } from '../sweeps/sweeps.ts';

export class Reports {
  readonly #store: RunStore;
  readonly #sweeps: Sweeps;
  readonly #resolveRun: (reference: string) => Promise<string>;

  constructor(store: RunStore, sweeps: Sweeps, resolveRun: (reference: string) => Promise<string>) {
    this.#store = store;
    this.#sweeps = sweeps;
    this.#resolveRun = resolveRun;
  }

  /** Of a run or a sweep, by its id or any beginning of it that only one has. */
  async of(reference: string): Promise<ReportDocument> {
    const reader = await this.#store.reader();
    if (reader === undefined) throw nothing(reference);
    const sweep = await reader.sweep(await this.#sweeps.resolve(reference).catch(() => reference));
    if (sweep !== undefined) return sweepReport(reader, sweep, Date.now());
    const runId = await this.#resolveRun(reference);
    if ((await this.#store.run(runId)) === undefined) throw nothing(runId);
    return runReport(reader, runId, Date.now());
  }

  async since(sinceMs: number): Promise<ReportDocument> {
    const reader = await this.#store.reader();
    if (reader === undefined) throw new UserError('There is no store yet: nothing happened.', 'Start with `pawl up`.');
    return sinceReport(reader, sinceMs, Date.now());
  }
}

function nothing(reference: string): UserError {
  return new UserError(
    `Nothing is recorded of ${reference} yet.`,
    '`pawl list` and `pawl sweep list` show what there is.',
  );
}

const HOUR_MS = 3_600_000;
const UNITS: Readonly<Record<string, number>> = { m: 60_000, h: HOUR_MS, d: 24 * HOUR_MS, w: 168 * HOUR_MS };

/** `yesterday`, `today`, `24h`, `7d`, or a day or moment as ISO-8601 writes them; days begin here, by the local clock. */
export function sinceMsOf(text: string, nowMs: number): number {
  const midnight = new Date(nowMs);
  midnight.setHours(0, 0, 0, 0);
  if (text === 'today') return midnight.getTime();
  if (text === 'yesterday') return midnight.setDate(midnight.getDate() - 1);
  const [, count, unit = ''] = /^(\d{1,5})([mhdw])$/.exec(text) ?? [];
  if (count !== undefined) return nowMs - Number(count) * (UNITS[unit] ?? 0);
  const isDay = /^\d{4}-\d{2}-\d{2}$/.test(text);
  const ms = Date.parse(isDay ? `${text}T00:00` : text);
  if (/^\d{4}-\d{2}-\d{2}/.test(text) && Number.isFinite(ms)) return ms;
  throw new UserError(`"${text}" is no time.`, 'Write yesterday, today, 24h, 7d, or a day such as 2026-11-27.');
}
