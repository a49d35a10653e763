/** Who was evaluated on the prompts of an evaluation, whichever run asked: a best of many is no chance find. */
import type { Sql } from './schema.ts';
import type { Store } from './store.ts';

export function lookTables(db: Sql): Pick<Store, 'checkpointsAsked'> {
  /** A set that was changed is another set, whose prompts are mostly the same. */
  async function setsSharingPrompts(promptSet: string, evaluationId: string): Promise<string[]> {
    const others = await db
      .selectFrom('evaluations')
      .select('promptSet')
      .distinct()
      .where('kind', '=', 'scored')
      .where('promptSet', '!=', promptSet)
      .execute();
    const sharing: string[] = [];
    for (const other of others) if (await shares(other.promptSet, evaluationId)) sharing.push(other.promptSet);
    return sharing;
  }

  /** Whether the evaluation of the set that asked most has a prompt in common with another evaluation. */
  async function shares(promptSet: string, evaluationId: string): Promise<boolean> {
    const widest = await db
      .selectFrom('evaluations')
      .select('id')
      .where('promptSet', '=', promptSet)
      .where('kind', '=', 'scored')
      .orderBy('samples', 'desc')
      .limit(1)
      .executeTakeFirst();
    if (widest === undefined) return false;
    const common = await db
      .selectFrom('samples')
      .select('promptIndex')
      .where('evaluationId', '=', widest.id)
      .where('promptHash', 'in', (asked) =>
        asked.selectFrom('samples').select('promptHash').where('evaluationId', '=', evaluationId),
      )
      .limit(1)
      .executeTakeFirst();
    return common !== undefined;
  }

  return {
    async checkpointsAsked({ id, promptSet }, reference) {
      const sets = [promptSet, ...(await setsSharingPrompts(promptSet, id))];
      const besides = await db
        .selectFrom('evaluations')
        .select(['runId', 'identity'])
        .where('id', '=', reference)
        .executeTakeFirstOrThrow();
      const asked = db
        .selectFrom('evaluations')
        .select(['runId', 'identity'])
        .distinct()
        .where('promptSet', 'in', sets)
        .where('kind', '=', 'scored')
        .where('step', '>', 0)
        .where((row) => row.not(row.and([row('runId', '=', besides.runId), row('identity', '=', besides.identity)])));
      const { count } = await db
        .selectFrom(asked.as('asked'))
        .select(({ fn }) => fn.countAll<number>().as('count'))
        .executeTakeFirstOrThrow();
      return count;
    },
  };
}
