/** Branches: the runs that go on from a checkpoint of another one, and the choice among several. */
import { fromJson, now, present, toJson } from './codec.ts';
import { toRun } from './run-tables.ts';
import type { Sql } from './schema.ts';
import type { Store } from './store.ts';
import type { TriedBranch } from '../../domain/words/branches.ts';

type BranchVerbs = Pick<Store, 'branchesOf' | 'branchChoice' | 'saveBranchChoice'>;

export function branchTables(db: Sql): BranchVerbs {
  return {
    async branchesOf(runId) {
      const rows = await db
        .selectFrom('runs')
        .selectAll()
        .where('parentRun', '=', runId)
        .orderBy('createdAt')
        .orderBy('id')
        .execute();
      return rows.map(toRun);
    },

    async branchChoice(runId) {
      const row = await db.selectFrom('branchChoices').selectAll().where('runId', '=', runId).executeTakeFirst();
      if (row === undefined) return undefined;
      const { branches, ...choice } = present(row);
      return { ...choice, branches: fromJson(branches) as TriedBranch[] };
    },

    async saveBranchChoice({ branches, chosen = null, ...choice }) {
      await db
        .insertInto('branchChoices')
        .values({ ...choice, chosen, branches: toJson(branches), decidedAt: now() })
        .onConflict((conflict) => conflict.column('runId').doNothing())
        .execute();
    },
  };
}
