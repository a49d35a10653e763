/** What happened since a moment: what a person has to do, what ended, what goes on, and what it came to. */
import { rentOf } from '../domain/decide/rent.ts';
import type { StoreReader } from '../store/index.ts';
import { heading, table, text, type ReportDocument } from './document.ts';
import { moneyText, timeText, valueOf } from './numbers.ts';

const MOST_RUNS = 1_000;
const MOST_EVENTS = 500;

export async function sinceReport(store: StoreReader, sinceMs: number, nowMs: number): Promise<ReportDocument> {
  const since = new Date(sinceMs).toISOString();
  const runs = (await store.listRuns({ limit: MOST_RUNS })).filter(({ updatedAt }) => updatedAt >= since);
  const sweeps = (await store.sweeps({ limit: MOST_RUNS })).filter(({ updatedAt }) => updatedAt >= since);
  const leases = await store.leasesOf(runs.map(({ runId }) => runId));
  const waiting = (await store.promotions()).filter(({ state }) => state === 'awaiting-approval');
  const told = (await store.announcements({ limit: MOST_EVENTS })).filter(({ at }) => at >= since).reverse();
  const open = await store.openLeases();
  const undelivered = await store.undelivered(50);
  return {
    title: `pawl since ${timeText(since)} UTC`,
    blocks: [
      heading('For you to decide'),
      table(
        ['promotion', 'of', 'why'],
        waiting.map(({ id, runId, checkpoint, reason = '' }) => [
          `pawl approve ${id}`,
          `${runId}@${checkpoint}`,
          reason,
        ]),
        'Nothing waits for you.',
      ),
      heading('Runs'),
      table(
        ['run', 'outcome', 'step', 'cost of all of it', 'why'],
        runs.map(({ runId, outcome, step, reason = '', spec }) => [
          runId,
          outcome,
          String(step),
          moneyText(rentOf(leases.get(runId) ?? [], spec, nowMs).cost, spec.prices.currency),
          reason,
        ]),
        'No run moved.',
      ),
      heading('Sweeps'),
      table(
        ['sweep', 'outcome', 'best', 'why'],
        sweeps.map(({ sweepId, outcome, suite, best, reason = '' }) => [
          sweepId,
          outcome,
          best === undefined ? '-' : `${valueOf(suite, best.score)} (${best.runId})`,
          reason,
        ]),
        'No sweep moved.',
      ),
      heading('What happened'),
      table(
        ['at (UTC)', 'what'],
        told.map(({ at, title }) => [timeText(at), title]),
        'Nothing that is told of.',
      ),
      heading('Rented now'),
      table(
        ['machine', 'id', 'run', 'since (UTC)'],
        open.map(({ kind, id, runId, plannedAt }) => [kind, id, runId, timeText(plannedAt)]),
        'Nothing is rented.',
      ),
      ...(undelivered.length === 0
        ? []
        : [text(`${undelivered.length} messages are not delivered: pawl notify list.`)]),
    ],
  };
}
