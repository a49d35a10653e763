/** What a list tells of a run beside its outcome: its best score, how long it took, what it came to. */
import { rentOf } from '../../domain/decide/rent.ts';
import { judgedEvaluations } from '../../domain/decide/policy-scores.ts';
import { MAIN_SUITE, VALIDATION_LOSS } from '../../domain/words/names.ts';
import type { Evaluation } from '../../domain/words/evaluation.ts';
import type { RunSpec } from '../../domain/spec/spec.ts';
import type { StoredLease, StoreReader, StoredRun } from '../../store/index.ts';
import { isOver, type RunSummary } from './run-view.ts';

type Facts = Pick<RunSummary, 'score' | 'seconds' | 'cost'>;

/** Of each run, by its id. `nowMs`: of runs that are not over. */
export async function factsOf(
  reader: Pick<StoreReader, 'bestEvaluations' | 'checkpointAt' | 'leasesOf'>,
  runs: readonly StoredRun[],
  nowMs: number,
): Promise<ReadonlyMap<string, Facts>> {
  const leases = await reader.leasesOf(runs.filter(({ spec }) => isPriced(spec)).map(({ runId }) => runId));
  const scores = await bestScores(reader, runs);
  return new Map(
    runs.map(({ runId, spec, createdAt, updatedAt, outcome }) => {
      const endMs = isOver(outcome) ? Date.parse(updatedAt) : nowMs;
      const [score, cost] = [scores.get(runId), costOf(spec, leases.get(runId) ?? [], nowMs)];
      const seconds = Math.max(0, (endMs - Date.parse(createdAt)) / 1_000);
      return [runId, { seconds, ...(score !== undefined && { score }), ...(cost !== undefined && { cost }) }];
    }),
  );
}

/** By what each run's policy judges: most judge the same. */
async function bestScores(
  reader: Pick<StoreReader, 'bestEvaluations' | 'checkpointAt'>,
  runs: readonly StoredRun[],
): Promise<ReadonlyMap<string, Evaluation>> {
  const groups = new Map<string, { direction: RunSpec['policy']['direction']; suite: string; runIds: string[] }>();
  const found = new Map<string, Evaluation>();
  for (const { runId, spec } of runs) {
    const { direction, suite = MAIN_SUITE } = spec.policy;
    if (suite === VALIDATION_LOSS) {
      const best = await reader.checkpointAt(runId, { kind: 'best', direction, suite });
      const [loss] = best === undefined ? [] : judgedEvaluations(spec.policy, [best]);
      if (loss !== undefined) found.set(runId, loss);
      continue;
    }
    const key = `${direction} ${suite}`;
    const group = groups.get(key) ?? { direction, suite, runIds: [] };
    group.runIds.push(runId);
    groups.set(key, group);
  }
  for (const { direction, suite, runIds } of groups.values()) {
    const best = await reader.bestEvaluations(runIds, { direction, ...(suite !== MAIN_SUITE && { suite }) });
    for (const [runId, evaluation] of best) found.set(runId, evaluation);
  }
  return found;
}

function isPriced({ prices: { trainerPerHour, replicaPerHour } }: RunSpec): boolean {
  return trainerPerHour !== 0 || replicaPerHour !== 0;
}

/** Undefined where no prices are set, for then nobody knows. */
function costOf(spec: RunSpec, leases: readonly StoredLease[], nowMs: number): Facts['cost'] {
  if (!isPriced(spec)) return undefined;
  return { amount: rentOf(leases, spec, nowMs).cost, currency: spec.prices.currency };
}
