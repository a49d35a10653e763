/** What a list tells of a run beside its outcome: its best score, how long it took, what it came to. */
import { MAIN_SUITE } from '../../domain/words/names.ts';
import type { RunSpec } from '../../domain/spec/spec.ts';
import type { StoredLease, StoreReader, StoredRun } from '../../store/index.ts';
import { isOver, type RunSummary } from './run-view.ts';

type Facts = Pick<RunSummary, 'score' | 'seconds' | 'cost'>;

/** `nowMs`: of runs that are not over. */
export async function factsOf(
  reader: Pick<StoreReader, 'checkpointAt' | 'leases'>,
  run: StoredRun,
  nowMs: number,
): Promise<Facts> {
  const { runId, spec, createdAt, updatedAt, outcome } = run;
  const { direction, suite = MAIN_SUITE } = spec.policy;
  const further = suite === MAIN_SUITE ? undefined : suite;
  const best = await reader.checkpointAt(runId, {
    kind: 'best',
    direction,
    ...(further !== undefined && { suite: further }),
  });
  const evaluation = further === undefined ? best?.evaluation : best?.suites?.find((one) => one.suite === further);
  const endMs = isOver(outcome) ? Date.parse(updatedAt) : nowMs;
  const cost = costOf(spec, await reader.leases(runId), nowMs);
  return {
    seconds: Math.max(0, (endMs - Date.parse(createdAt)) / 1_000),
    ...(evaluation !== undefined && { score: evaluation }),
    ...(cost !== undefined && { cost }),
  };
}

/** From planning a machine to its return; undefined where no prices are set, for then nobody knows. */
function costOf({ prices, deployment }: RunSpec, leases: readonly StoredLease[], nowMs: number): Facts['cost'] {
  const { trainerPerHour, replicaPerHour, currency } = prices;
  if (trainerPerHour === 0 && replicaPerHour === 0) return undefined;
  const amount = leases.reduce((sum, { kind, plannedAt, releasedAt, keptAt }) => {
    const end = releasedAt ?? keptAt;
    const hours = ((end === undefined ? nowMs : Date.parse(end)) - Date.parse(plannedAt)) / 3_600_000;
    return sum + Math.max(0, hours) * (kind === 'trainer' ? trainerPerHour : replicaPerHour * deployment.replicas);
  }, 0);
  return { amount, currency };
}
