/** What machines came to: from their planning to their return, by the prices of the experiment that rented them. */
import type { RunSpec } from '../spec/spec.ts';

interface RentedMachine {
  readonly kind: 'trainer' | 'deployment';
  readonly plannedAt: string;
  readonly releasedAt?: string;
  /** From then on it is nobody's run's. */
  readonly keptAt?: string;
}

export interface Rent {
  /** Of trainers. */
  readonly hours: number;
  /** Of all machines, in the currency of `prices`. */
  readonly cost: number;
}

/** `nowMs`: of machines that are not returned. */
export function rentOf(
  machines: readonly RentedMachine[],
  { prices, deployment }: Pick<RunSpec, 'prices' | 'deployment'>,
  nowMs: number,
): Rent {
  const { trainerPerHour, replicaPerHour } = prices;
  let [trainers, deployments] = [0, 0];
  for (const { kind, plannedAt, releasedAt, keptAt } of machines) {
    const end = releasedAt ?? keptAt;
    const hours = Math.max(0, ((end === undefined ? nowMs : Date.parse(end)) - Date.parse(plannedAt)) / 3_600_000);
    if (kind === 'trainer') trainers += hours;
    else deployments += hours;
  }
  return { hours: trainers, cost: trainers * trainerPerHour + deployments * replicaPerHour * deployment.replicas };
}
