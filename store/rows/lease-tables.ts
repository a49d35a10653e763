/** Leases: what was planned to be rented for which run, and the platform's last word on it. */
import type { Selectable } from 'kysely';
import type { Place } from '../../domain/words/place.ts';
import type { Announcement } from '../../domain/words/announcements.ts';
import { telling } from './announcement-tables.ts';
import { now, present } from './codec.ts';
import type { Sql, Tables } from './schema.ts';
import type { Store } from './store.ts';
import type { AccountedLease, Lease, StoredLease } from './records.ts';

type LeaseVerbs = Pick<
  Store,
  | 'planLease'
  | 'endLease'
  | 'accountFor'
  | 'keepLease'
  | 'holdLease'
  | 'openLeases'
  | 'keptLeases'
  | 'leases'
  | 'leasesNamedAfter'
  | 'deploymentLease'
>;

/** Of a machine whose lease was lost with the store: the run returned it, and its dates are gone. */
const RETURNED = 'returned';

/** Of the process that plans: whose runs it works on, and where it rents. */
interface Planner {
  readonly namespaceId: string | null;
  readonly place: Place | undefined;
}

export function leaseTables(db: Sql, { namespaceId, place }: Planner): LeaseVerbs {
  const where = { platform: place?.platform ?? null, account: place?.account ?? null };

  async function endLease({ kind, id }: Lease, state: string, told?: readonly Announcement[]): Promise<void> {
    await telling(db, told, async (within) => {
      const { numUpdatedRows } = await within
        .updateTable('leases')
        .set({ releasedAt: now(), state, keptAt: null })
        .where('kind', '=', kind)
        .where('id', '=', id)
        .where((column) => column.or([column('releasedAt', 'is', null), column('keptAt', 'is not', null)]))
        .executeTakeFirst();
      return numUpdatedRows > 0n;
    });
  }

  async function keepLease({ kind, id }: Lease, state: string): Promise<void> {
    const at = now();
    await db
      .updateTable('leases')
      .set({ releasedAt: at, keptAt: at, state })
      .where('kind', '=', kind)
      .where('id', '=', id)
      .where('releasedAt', 'is', null)
      .execute();
  }

  /** Of which nothing is known but what its run says now; whoever plans or ends it at the same time is right. */
  async function insertLease(runId: string, { kind, id, standing, state }: AccountedLease): Promise<void> {
    const at = now();
    const end = { releasedAt: at, state: state ?? RETURNED, keptAt: standing === 'kept' ? at : null };
    await db
      .insertInto('leases')
      .values({ kind, id, runId, namespaceId, holder: null, ...where, plannedAt: at, ...(standing !== 'held' && end) })
      .onConflict((conflict) => conflict.columns(['kind', 'id']).doNothing())
      .execute();
  }

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

    endLease,

    keepLease,

    async holdLease({ kind, id }, holder) {
      await db
        .updateTable('leases')
        .set({ holder })
        .where('kind', '=', kind)
        .where('id', '=', id)
        .where('releasedAt', 'is', null)
        .execute();
    },

    async accountFor(runId, machines) {
      const rows = await db
        .selectFrom('leases')
        .select(['kind', 'id', 'releasedAt'])
        .where('runId', '=', runId)
        .execute();
      const known = new Map(rows.map(({ kind, id, releasedAt }) => [`${kind}/${id}`, releasedAt]));
      for (const machine of machines) {
        const { kind, id, standing, state } = machine;
        const releasedAt = known.get(`${kind}/${id}`);
        if (releasedAt === undefined) await insertLease(runId, machine);
        else if (releasedAt === null && state !== undefined && standing === 'kept')
          await keepLease({ kind, id }, state);
        else if (releasedAt === null && state !== undefined && standing === 'returned')
          await endLease({ kind, id }, state);
      }
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

    async leasesNamedAfter(prefix) {
      const rows = await db
        .selectFrom('leases')
        .selectAll()
        .where('id', '>=', `${prefix}-`)
        // The character after the hyphen.
        .where('id', '<', `${prefix}.`)
        .orderBy('plannedAt')
        .orderBy('kind')
        .orderBy('id')
        .execute();
      return rows.map(toLease);
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

export function toLease(row: Selectable<Tables['leases']>): StoredLease {
  return present(row);
}
