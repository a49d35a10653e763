/** Checkpoints with everything known of them, put together for those that are asked about and no others. */
import type { Selectable } from 'kysely';
import type { Validation } from '../../domain/words/checkpoint.ts';
import type { Evaluation } from '../../domain/words/evaluation.ts';
import { fromJson, present } from './codec.ts';
import { toComparisons, toScored } from './evaluation-tables.ts';
import type { Sql, Tables } from './schema.ts';
import type { StoredCheckpoint } from './store.ts';

type EvaluationRow = Selectable<Tables['evaluations']>;
export type CheckpointRow = Selectable<Tables['checkpoints']>;

/** These checkpoints with all that is known of them, in their order. */
export async function reportsOf(db: Sql, runId: string, rows: readonly CheckpointRow[]): Promise<StoredCheckpoint[]> {
  if (rows.length === 0) return [];
  const names = rows.map(({ name }) => name);
  const identities = rows.map(({ identity }) => identity);
  const [syncs, verdicts, evaluations] = await Promise.all([
    db
      .selectFrom('syncs')
      .select(['identity', 'replicas', 'seconds', 'confirmedAt'])
      .where('runId', '=', runId)
      .where('identity', 'in', identities)
      .execute(),
    db
      .selectFrom('verdicts')
      .select(['checkpoint', 'kind', 'reason'])
      .where('runId', '=', runId)
      .where('checkpoint', 'in', names)
      .execute(),
    // In order of recording: the last attempt that scored speaks for its checkpoint.
    db
      .selectFrom('evaluations')
      .selectAll()
      .where('runId', '=', runId)
      .where('checkpoint', 'in', names)
      .where('kind', '=', 'scored')
      // What was found beside the run is evidence of its own.
      .where('appraisal', 'is', null)
      .orderBy('recordedAt')
      .orderBy('id')
      .execute(),
  ]);
  const syncOf = new Map(syncs.map((sync) => [sync.identity, sync]));
  const verdictOf = new Map(verdicts.map(({ checkpoint, kind, reason }) => [checkpoint, { kind, reason }]));
  const main = new Map(evaluations.filter(({ suite }) => suite === null).map((row) => [row.checkpoint, row]));
  const suitesOf = furtherSuites(evaluations);
  return rows.map((row) => {
    const sync = syncOf.get(row.identity);
    const evaluation = main.get(row.name);
    const suites = suitesOf.get(row.name);
    const verdict = verdictOf.get(row.name);
    return {
      ...toCheckpoint(row),
      ...(sync !== undefined && { sync }),
      ...(evaluation !== undefined && { evaluation: toScored(evaluation), ...toComparisons(evaluation) }),
      ...(suites !== undefined && { suites }),
      ...(verdict !== undefined && { verdict }),
    };
  });
}

/** By checkpoint, the last one of each further suite, by its name. */
function furtherSuites(rows: readonly EvaluationRow[]): Map<string, Evaluation[]> {
  const last = new Map<string, Map<string, Evaluation>>();
  for (const row of rows) {
    if (row.suite === null) continue;
    const suites = last.get(row.checkpoint) ?? new Map<string, Evaluation>();
    last.set(row.checkpoint, suites.set(row.suite, toScored(row)));
  }
  const sorted = (suites: Map<string, Evaluation>): Evaluation[] =>
    [...suites].sort(([one], [other]) => (one < other ? -1 : 1)).map(([, evaluation]) => evaluation);
  return new Map([...last].map(([checkpoint, suites]) => [checkpoint, sorted(suites)]));
}

export function toCheckpoint(row: Selectable<Tables['checkpoints']>): StoredCheckpoint {
  const { runId: _, savedAt, row: __, validation, ...checkpoint } = present({ row: null, ...row });
  const told = validation === undefined ? {} : { validation: fromJson(validation) as Validation };
  return { checkpoint: { ...checkpoint, ...told }, savedAt };
}
