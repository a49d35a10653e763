/** Prompt sets, and the names that stand for them. */
import { now } from './codec.ts';
import type { Sql } from './schema.ts';
import type { Store } from './store.ts';

type PromptSetVerbs = Pick<Store, 'savePromptSet' | 'movePromptAlias' | 'promptSet' | 'promptSets' | 'promptAlias'>;

export function promptSetTables(db: Sql): PromptSetVerbs {
  return {
    async savePromptSet({ hash, prompts, duplicates, tokenizer }) {
      await db
        .insertInto('promptSets')
        .values({ hash, prompts, duplicates, tokenizer, createdAt: now() })
        .onConflict((conflict) => conflict.column('hash').doNothing())
        .execute();
    },

    async movePromptAlias(name, hash) {
      await db
        .insertInto('promptAliases')
        .values({ name, hash, movedAt: now() })
        .onConflict((conflict) =>
          conflict.column('name').doUpdateSet({ hash, movedAt: now() }).where('promptAliases.hash', '!=', hash),
        )
        .execute();
    },

    promptSet(hash) {
      return db
        .selectFrom('promptSets')
        .select(['hash', 'prompts', 'duplicates', 'tokenizer'])
        .where('hash', '=', hash)
        .executeTakeFirst();
    },

    async promptSets() {
      const sets = await db
        .selectFrom('promptSets')
        .select(['hash', 'prompts', 'duplicates', 'tokenizer', 'createdAt'])
        .orderBy('createdAt', 'desc')
        .orderBy('hash')
        .execute();
      const aliases = await db.selectFrom('promptAliases').select(['name', 'hash']).orderBy('name').execute();
      return sets.map((set) => ({
        ...set,
        aliases: aliases.filter(({ hash }) => hash === set.hash).map(({ name }) => name),
      }));
    },

    async promptAlias(name) {
      const row = await db.selectFrom('promptAliases').select('hash').where('name', '=', name).executeTakeFirst();
      return row?.hash;
    },
  };
}
