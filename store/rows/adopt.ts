/**
 * Facts of a run that the store does not hold, because it was lost or replaced under a run that goes on. They are kept
 * all the same, under a row that says no more than that there is such a run: the run fills it in with its next record.
 */
import { UnknownOwner } from '../sqlite/failures.ts';
import { now } from './codec.ts';
import type { Sql } from './schema.ts';
import type { Store } from './store.ts';

/** The spec of a run of which nothing but its id is known. Readers do not see such a run. */
export const UNKNOWN_SPEC = '';

/** The verbs that write what belongs to a run: it is what they are told first, by itself or in a record. */
const OWNED = [
  'addEvent',
  'recordSteps',
  'saveCheckpoint',
  'saveSync',
  'saveVerdict',
  'saveEvaluation',
  'saveRewind',
  'saveSpecChange',
  'planLease',
  'accountFor',
  'saveBranchChoice',
  'saveAppraisal',
  'saveRollback',
] as const satisfies readonly (keyof Store)[];

type Verb = (owner: string | { readonly runId: string }, ...rest: readonly unknown[]) => Promise<void>;

/** The same verbs, none of which asks for a run that is there. */
export function adopting<Verbs extends Pick<Store, (typeof OWNED)[number]>>(db: Sql, verbs: Verbs): Verbs {
  const adopted = OWNED.map((name): [string, Verb] => {
    const verb = verbs[name] as Verb;
    return [name, (...args) => adopt(db, verb, args)];
  });
  return { ...verbs, ...(Object.fromEntries(adopted) as Partial<Verbs>) };
}

async function adopt(db: Sql, verb: Verb, args: Parameters<Verb>): Promise<void> {
  try {
    await verb(...args);
  } catch (error) {
    if (!(error instanceof UnknownOwner)) throw error;
    const [owner] = args;
    await adoptRun(db, typeof owner === 'string' ? owner : owner.runId);
    await verb(...args);
  }
}

/** Makes the row of a run of which nothing but its id is known; changes nothing where there is one. */
export async function adoptRun(db: Sql, runId: string): Promise<void> {
  const at = now();
  await db
    .insertInto('runs')
    .values({
      id: runId,
      name: runId,
      spec: UNKNOWN_SPEC,
      phase: 'plan',
      step: 0,
      // Below every generation: whoever writes is no straggler of an earlier one, as far as anybody knows.
      generation: 0,
      outcome: 'running',
      createdAt: at,
      updatedAt: at,
    })
    .onConflict((conflict) => conflict.column('id').doNothing())
    .execute();
}
