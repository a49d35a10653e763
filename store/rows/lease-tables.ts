/** Leases: what was planned to be rented for which run, and the platform's last word on it. */
import type { Selectable } from 'kysely';
import type { Place } from '../../domain/words/place.ts';
import { now, present } from './codec.ts';
import type { Sql, Tables } from './schema.ts';
import type { Store } from './store.ts';
import type { StoredLease } from './records.ts';

type LeaseVerbs = Pick<
  Store,
  'planLease' | 'endLease' | 'keepLease' | 'openLeases' | 'keptLeases' | 'leases' | 'deploymentLease'
>;

/** Of the process that plans: whose runs it works on, and where it rents. */
interface Planner {
  readonly namespaceId: string | null;
  readonly place: Place | undefined;
}

export function leaseTables(db: Sql, { namespaceId, place }: Planner): LeaseVerbs {
  const where = { platform: place?.platform ?? null, account: place?.account ?? null };

  return {
    async planLease(runId, { kind, id, holder = null }) {
      await db
        .insertInto('leases')
        .values({ kind, id, runId, namespaceId, holder, ...where, plannedAt: now() })
        .onConflict((conflict) =>
          conflict
            .columns(['kind', 'id'])
            .doUpdateSet({ holder, ...where, plannedAt: now(), releasedAt: null, state: null, keptAt: null })
            // Rented again under the same id, as after a pause. An open lease keeps its first date.
            .where('leases.releasedAt', 'is not', null),
        )
        .execute();
    },

    async endLease({ kind, id }, state) {
      await db
        .updateTable('leases')
        .set({ releasedAt: now(), state, keptAt: null })
        .where('kind', '=', kind)
        .where('id', '=', id)
        .where((column) => column.or([column('releasedAt', 'is', null), column('keptAt', 'is not', null)]))
        .execute();
    },

    async keepLease({ kind, id }, state) {
      const at = now();
      await db
        .updateTable('leases')
        .set({ releasedAt: at, keptAt: at, state })
        .where('kind', '=', kind)
        .where('id', '=', id)
        .where('releasedAt', 'is', null)
        .execute();
    },

    async keptLeases() {
      const rows = await db
        .selectFrom('leases')
        .selectAll()
        .where('keptAt', 'is not', null)
        .orderBy('keptAt')
        .orderBy('id')
        .execute();
      return rows.map(toLease);
    },

    async openLeases() {
      const rows = await db
        .selectFrom('leases')
        .selectAll()
        .where('releasedAt', 'is', null)
        .orderBy('plannedAt')
        .orderBy('kind')
        .orderBy('id')
        .execute();
      return rows.map(toLease);
    },

    async deploymentLease(id) {
      const row = await db
        .selectFrom('leases')
        .selectAll()
        .where('kind', '=', 'deployment')
        .where('id', '=', id)
        .executeTakeFirst();
      return row && toLease(row);
    },

    async leases(runId) {
      const rows = await db
        .selectFrom('leases')
        .selectAll()
        .where('runId', '=', runId)
        .orderBy('plannedAt')
        .orderBy('kind')
        .orderBy('id')
        .execute();
      return rows.map(toLease);
    },
  };
}

function toLease(row: Selectable<Tables['leases']>): StoredLease {
  return present(row);
}
