/** Checkpoints, the syncs that confirmed them, the verdicts on them. */
import type { Selectable } from 'kysely';
import type { Evaluation } from '../../domain/words/evaluation.ts';
import type { Place } from '../../domain/words/place.ts';
import { now, present } from './codec.ts';
import { toComparisons, toScored } from './evaluation-tables.ts';
import type { Sql, Tables } from './schema.ts';
import type { Store, StoredCheckpoint } from './store.ts';

type EvaluationRow = Selectable<Tables['evaluations']>;
type CheckpointVerbs = Pick<Store, 'saveCheckpoint' | 'saveSync' | 'saveVerdict' | 'checkpointReports'>;

/** `here`: where the process that saves rents, for a checkpoint that does not say it itself. */
export function checkpointTables(db: Sql, here: Place | undefined): CheckpointVerbs {
  return {
    async saveCheckpoint(runId, checkpoint) {
      const { name, previousIdentity = null, trainerId = null, stateTrainerId = null, ...columns } = checkpoint;
      const place = { platform: here?.platform ?? null, account: here?.account ?? null };
      const values = { ...place, ...columns, previousIdentity, trainerId, stateTrainerId };
      await db
        .insertInto('checkpoints')
        .values({ runId, name, ...values, savedAt: now() })
        .onConflict((conflict) => conflict.columns(['runId', 'name']).doUpdateSet(values))
        .execute();
    },

    async saveSync(runId, { identity, replicas, seconds }) {
      await db
        .insertInto('syncs')
        .values({ runId, identity, replicas, seconds, confirmedAt: now() })
        .onConflict((conflict) => conflict.columns(['runId', 'identity']).doNothing())
        .execute();
    },

    async saveVerdict(runId, { checkpoint, kind, reason }) {
      await db
        .insertInto('verdicts')
        .values({ runId, checkpoint, kind, reason, decidedAt: now() })
        .onConflict((conflict) => conflict.columns(['runId', 'checkpoint']).doUpdateSet({ kind, reason }))
        .execute();
    },

    async checkpointReports(runId) {
      const [checkpoints, syncs, verdicts, evaluations] = await Promise.all([
        db
          .selectFrom('checkpoints')
          .selectAll()
          .where('runId', '=', runId)
          .orderBy('step')
          .orderBy('generation')
          // The final base of a step comes after its delta.
          .orderBy('savedAt')
          .execute(),
        db
          .selectFrom('syncs')
          .select(['identity', 'replicas', 'seconds', 'confirmedAt'])
          .where('runId', '=', runId)
          .execute(),
        db.selectFrom('verdicts').select(['checkpoint', 'kind', 'reason']).where('runId', '=', runId).execute(),
        // In order of recording: the last attempt that scored speaks for its checkpoint.
        db
          .selectFrom('evaluations')
          .selectAll()
          .where('runId', '=', runId)
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
      return checkpoints.map((row) => {
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
    },
  };
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

function toCheckpoint(row: Selectable<Tables['checkpoints']>): StoredCheckpoint {
  const { runId: _, savedAt, ...checkpoint } = present(row);
  return { checkpoint, savedAt };
}
