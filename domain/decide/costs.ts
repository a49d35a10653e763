/** What runs came to, told apart by what it was for. Pure. */
import type { RunSpec } from '../spec/spec.ts';
import { rentOf } from './rent.ts';

interface Leased {
  readonly kind: 'trainer' | 'deployment';
  readonly plannedAt: string;
  readonly releasedAt?: string;
  readonly keptAt?: string;
}

export interface CostedRun {
  readonly spec: Pick<RunSpec, 'prices' | 'deployment'>;
  readonly leases: readonly Leased[];
  /** What was rented and trained again. */
  readonly rewinds: readonly { readonly seconds: number; readonly cost: number }[];
  /** A rule of its sweep stopped it. */
  readonly stopped: boolean;
}

export interface Costs {
  readonly runs: number;
  readonly currency: string;
  /** Hours of each, from the lease to the return. */
  readonly trainerHours: number;
  readonly deploymentHours: number;
  readonly cost: number;
  /** Deployments while their run had no trainer: waiting for one, or serving on. */
  readonly aloneHours: number;
  readonly aloneCost: number;
  /** Rented and trained again, after a trainer was lost. */
  readonly rewoundHours: number;
  readonly rewoundCost: number;
  /** All that trials came to which a rule stopped: what was paid to learn that they are not worth more. */
  readonly stoppedCost: number;
}

interface Span {
  readonly fromMs: number;
  readonly untilMs: number;
}

/** Of one run, within a span of time. `nowMs`: of machines that are not returned. */
export function costsOf(run: CostedRun, { nowMs, within }: { nowMs: number; within?: Span }): Costs {
  const { spec, rewinds, stopped } = run;
  const leases = run.leases.flatMap((lease) => clipped(lease, nowMs, within));
  const { prices, deployment } = spec;
  const { hours, cost } = rentOf(leases, spec, nowMs);
  const trainers = spansOf(leases, 'trainer');
  const deployments = spansOf(leases, 'deployment');
  const aloneHours = deployments.reduce((sum, span) => sum + hoursWithout(span, trainers), 0);
  return {
    runs: 1,
    currency: prices.currency,
    trainerHours: hours,
    deploymentHours: deployments.reduce((sum, { fromMs, untilMs }) => sum + (untilMs - fromMs) / HOUR_MS, 0),
    cost,
    aloneHours,
    aloneCost: aloneHours * prices.replicaPerHour * deployment.replicas,
    // When it was lost is known only to the day it was written down: of a part of a run nothing is told.
    rewoundHours: within === undefined ? rewinds.reduce((sum, { seconds }) => sum + seconds, 0) / 3_600 : 0,
    rewoundCost: within === undefined ? rewinds.reduce((sum, one) => sum + one.cost, 0) : 0,
    stoppedCost: stopped ? cost : 0,
  };
}

const NOTHING: Costs = {
  runs: 0,
  currency: '',
  trainerHours: 0,
  deploymentHours: 0,
  cost: 0,
  aloneHours: 0,
  aloneCost: 0,
  rewoundHours: 0,
  rewoundCost: 0,
  stoppedCost: 0,
};

/** Sums of those in one currency: what is in another is another sum. */
export function addedUp(parts: readonly Costs[]): Costs[] {
  const sums = new Map<string, Costs>();
  for (const part of parts) {
    sums.set(part.currency, added(sums.get(part.currency) ?? NOTHING, part));
  }
  return [...sums.values()];
}

function added(one: Costs, other: Costs): Costs {
  return {
    runs: one.runs + other.runs,
    currency: other.currency,
    trainerHours: one.trainerHours + other.trainerHours,
    deploymentHours: one.deploymentHours + other.deploymentHours,
    cost: one.cost + other.cost,
    aloneHours: one.aloneHours + other.aloneHours,
    aloneCost: one.aloneCost + other.aloneCost,
    rewoundHours: one.rewoundHours + other.rewoundHours,
    rewoundCost: one.rewoundCost + other.rewoundCost,
    stoppedCost: one.stoppedCost + other.stoppedCost,
  };
}

const HOUR_MS = 3_600_000;

/** The part of a lease that lies within the span; what is kept after its run is nobody's run's. */
function clipped(lease: Leased, nowMs: number, within: Span | undefined): Leased[] {
  const end = lease.releasedAt ?? lease.keptAt;
  const span = { fromMs: Date.parse(lease.plannedAt), untilMs: end === undefined ? nowMs : Date.parse(end) };
  const fromMs = Math.max(span.fromMs, within?.fromMs ?? -Infinity);
  const untilMs = Math.min(span.untilMs, within?.untilMs ?? Infinity);
  if (untilMs <= fromMs) return [];
  const at = (ms: number): string => new Date(ms).toISOString();
  return [{ kind: lease.kind, plannedAt: at(fromMs), releasedAt: at(untilMs) }];
}

function spansOf(leases: readonly Leased[], kind: Leased['kind']): Span[] {
  return leases
    .filter((lease) => lease.kind === kind)
    .map(({ plannedAt, releasedAt }) => ({
      fromMs: Date.parse(plannedAt),
      untilMs: Date.parse(releasedAt ?? plannedAt),
    }))
    .sort((one, other) => one.fromMs - other.fromMs);
}

/** Hours of a span that none of the others (in order) covers. */
function hoursWithout({ fromMs, untilMs }: Span, others: readonly Span[]): number {
  let [at, bare] = [fromMs, 0];
  for (const other of others) {
    if (other.untilMs <= at) continue;
    if (other.fromMs >= untilMs) break;
    bare += Math.max(0, other.fromMs - at);
    at = Math.max(at, other.untilMs);
  }
  return (bare + Math.max(0, untilMs - at)) / HOUR_MS;
}
