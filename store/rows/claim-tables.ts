/** Claims on work that is to be done once for all: held for a while, renewed by whoever is at it, free once it is not. */
import { now } from './codec.ts';
import type { Sql } from './schema.ts';

export interface Claim {
  /** What is claimed. */
  readonly key: string;
  readonly holder: string;
}

export interface ClaimWriter {
  /** Whether the holder has it, from now on for so long; who has it already may have it again. */
  claim(claim: Claim, forMs: number): Promise<boolean>;
  /** Others may have it at once; nothing, if they do already. */
  unclaim(claim: Claim): Promise<void>;
}

export function claimTables(db: Sql): ClaimWriter {
  return {
    async claim({ key, holder }, forMs) {
      const at = now();
      const until = new Date(Date.parse(at) + forMs).toISOString();
      await db
        .insertInto('claims')
        .values({ key, holder, until })
        .onConflict((conflict) =>
          conflict
            .column('key')
            .doUpdateSet({ holder, until })
            .where(({ eb, or }) => or([eb('claims.holder', '=', holder), eb('claims.until', '<=', at)])),
        )
        .execute();
      const row = await db.selectFrom('claims').select('holder').where('key', '=', key).executeTakeFirst();
      return row?.holder === holder;
    },

    async unclaim({ key, holder }) {
      await db.deleteFrom('claims').where('key', '=', key).where('holder', '=', holder).execute();
    },
  };
}
