/** What runs came to, by what one asks: runs, sweeps, budgets' accounts, or days. Reads the store only. */
import { addedUp, costsOf, type CostedRun, type Costs } from '../../domain/decide/costs.ts';
import type { StoredRun, StoreReader } from '../../store/index.ts';

export const COSTS_BY = ['run', 'sweep', 'account', 'day'] as const;
export type CostsBy = (typeof COSTS_BY)[number];

interface CostGroup extends Costs {
  /** Id of a run or sweep, name of an account, a day (UTC); `-`: of none. */
  readonly group: string;
}

export interface CostReport {
  readonly groups: readonly CostGroup[];
  /** A sum of each currency. */
  readonly totals: readonly Costs[];
}

interface Asked {
  readonly by: CostsBy;
  /** ISO-8601: only what was rented from then on. */
  readonly since?: string | undefined;
}

const AT_ONCE = 500;
const DAY_MS = 86_400_000;
const NONE = '-';

export async function readCosts(reader: StoreReader, { by, since }: Asked, nowMs: number): Promise<CostReport> {
  const fromMs = since === undefined ? undefined : Date.parse(since);
  const within = fromMs === undefined ? undefined : { fromMs, untilMs: nowMs };
  const parts: CostGroup[] = [];
  const stopped = await stoppedTrials(reader);
  for (let after = ''; ;) {
    const runs = await reader.runsAfter(after, AT_ONCE);
    const leases = await reader.leasesOf(runs.map(({ runId }) => runId));
    for (const run of runs) {
      const found = leases.get(run.runId) ?? [];
      if (found.length === 0) continue;
      const costed: CostedRun = {
        spec: run.spec,
        leases: found,
        rewinds: run.generation > 1 ? await reader.rewinds(run.runId) : [],
        stopped: stopped.has(run.runId),
      };
      if (by === 'day') parts.push(...byDay(costed, { fromMs, nowMs }));
      else parts.push({ ...costsOf(costed, { nowMs, ...(within && { within }) }), group: groupOf(run, by, stopped) });
    }
    const last = runs.at(-1);
    if (last === undefined || runs.length < AT_ONCE) break;
    after = last.runId;
  }
  const some = parts.filter(({ trainerHours, deploymentHours }) => trainerHours + deploymentHours > 0);
  return { groups: grouped(some), totals: addedUp(some) };
}

/** Runs of sweeps that a rule stopped; and, of every trial, whose it is. */
interface Trials {
  has(runId: string): boolean;
  sweepOf(runId: string): string | undefined;
}

async function stoppedTrials(reader: StoreReader): Promise<Trials> {
  const sweeps = new Map<string, string>();
  const stopped = new Set<string>();
  for (const { sweepId } of await reader.sweeps({ limit: Number.MAX_SAFE_INTEGER })) {
    for (const { runId, state } of await reader.trials(sweepId)) {
      sweeps.set(runId, sweepId);
      if (state === 'stopped') stopped.add(runId);
    }
  }
  return { has: (runId) => stopped.has(runId), sweepOf: (runId) => sweeps.get(runId) };
}

function groupOf({ runId, spec }: StoredRun, by: Exclude<CostsBy, 'day'>, trials: Trials): string {
  if (by === 'run') return runId;
  if (by === 'sweep') return trials.sweepOf(runId) ?? NONE;
  return spec.budget.account ?? NONE;
}

/** Each day (UTC) for itself: a run that goes over midnight is in both. */
function byDay(run: CostedRun, { fromMs = 0, nowMs }: { fromMs: number | undefined; nowMs: number }): CostGroup[] {
  const begins = Math.min(...run.leases.map(({ plannedAt }) => Date.parse(plannedAt)));
  const ends = Math.max(
    ...run.leases.map(({ releasedAt }) => (releasedAt === undefined ? nowMs : Date.parse(releasedAt))),
  );
  const groups: CostGroup[] = [];
  const first = Math.floor(Math.max(begins, fromMs) / DAY_MS) * DAY_MS;
  for (let day = first; day < ends; day += DAY_MS) {
    const within = { fromMs: Math.max(day, fromMs), untilMs: Math.min(day + DAY_MS, nowMs) };
    groups.push({
      ...costsOf(run, { nowMs, within }),
      group: new Date(day).toISOString().slice(0, 'YYYY-MM-DD'.length),
    });
  }
  return groups;
}

function grouped(parts: readonly CostGroup[]): CostGroup[] {
  const groups = new Map<string, Costs[]>();
  for (const { group, ...costs } of parts) groups.set(group, [...(groups.get(group) ?? []), costs]);
  return [...groups]
    .flatMap(([group, costs]) => addedUp(costs).map((sum) => ({ ...sum, group })))
    .sort((one, other) => other.cost - one.cost || one.group.localeCompare(other.group));
}
