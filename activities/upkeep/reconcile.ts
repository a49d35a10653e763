/** Finds what is rented for runs that are over, and returns it: safe to repeat, and for several at the same time. */
import { toldOfRun } from '../../domain/decide/told-of-runs.ts';
import type { Orphan, ReconcileActivities } from '../../domain/words/reconcile.ts';
import type { Announcement } from '../../domain/words/announcements.ts';
import { placeOf, samePlace, type Place } from '../../domain/words/place.ts';
import { signal } from '../guard.ts';
import { placesOf } from '../places.ts';
import { outcomeOfFate } from './fates.ts';
import type { Backend } from '../ports.ts';
import { deleteDeployment, deleteTrainer, NEVER_CREATED } from '../run/release.ts';
import type { Store, StoredLease } from '../../store/index.ts';

/** How a run ended, and when, as far as that is known. */
interface RunEnd {
  /** As a verb: `was terminated`. */
  readonly fate: string;
  readonly at?: Date;
}

/** The fate of what Temporal never heard of, or forgot. */
export const UNKNOWN_TO_TEMPORAL = 'is not known to Temporal any more';

/** Says which runs are over. */
export interface RunDirectory {
  /** The Temporal namespace that it speaks for. */
  readonly namespaceId: string;
  /** Undefined while the run goes on, or whenever that is in doubt. */
  endOf(runId: string, signal: AbortSignal): Promise<RunEnd | undefined>;
}

interface Ports {
  readonly backend: Backend;
  readonly store: Store;
  readonly directory: RunDirectory;
  /** What was rented elsewhere is left to a worker there. */
  readonly place: Place;
  /** How long a lease is left alone after its run ended: what a lost worker still had under way comes to rest. */
  readonly graceMs: number;
}

export function reconciling({ backend, store, directory, place, graceMs }: Ports): ReconcileActivities {
  const { provisioner } = backend;
  const places = placesOf(provisioner, place);

  function isHere(lease: StoredLease): boolean {
    return samePlace({ ...place, ...placeOf(lease) }, place);
  }

  /** The lease as an orphan, if it is one. */
  function judge({ kind, id, runId, holder, plannedAt }: StoredLease, end: RunEnd | undefined): Orphan | undefined {
    if (end === undefined) return undefined;
    const sinceMs = Math.max(Date.parse(plannedAt), end.at?.getTime() ?? 0);
    if (Date.now() - sinceMs < graceMs) return undefined;
    const at = end.at === undefined ? '' : ` at ${end.at.toISOString()}`;
    return { kind, id, runId, ...(holder !== undefined && { holder }), plannedAt, fate: `${end.fate}${at}` };
  }

  /** A run that could not record its end, or was cut off, would be taken to go on for ever once Temporal forgets it. */
  async function recordFates(): Promise<void> {
    for (const { runId, step, generation, updatedAt } of await store.unendedRuns(directory.namespaceId)) {
      const end = await directory.endOf(runId, signal());
      if (end === undefined || Date.now() - (end.at?.getTime() ?? Date.parse(updatedAt)) < graceMs) continue;
      const reason = `its end was not recorded; by Temporal’s word it ${end.fate}`;
      const facts = { phase: 'done', step, generation, outcome: outcomeOfFate(end.fate), reason } as const;
      await store.updateRun(runId, { ...facts, told: toldOfRun({ runId, ...facts }) });
    }
  }

  return {
    async findOrphans() {
      await recordFates();
      const open = await store.openLeases();
      const here = open.filter(isHere);
      const ours = here.filter(({ namespaceId = directory.namespaceId }) => namespaceId === directory.namespaceId);
      const ends = new Map<string, RunEnd | undefined>();
      for (const lease of ours) {
        const holder = holderOf(lease);
        if (!ends.has(holder)) ends.set(holder, await directory.endOf(holder, signal()));
      }
      const orphans = ours.map((lease) => judge(lease, ends.get(holderOf(lease))));
      return {
        checked: ours.length,
        foreign: here.length - ours.length,
        elsewhere: open.length - here.length,
        orphans: orphans.filter((orphan) => orphan !== undefined),
      };
    },

    async retireOrphan({ kind, id, runId, plannedAt }) {
      // Much may have happened since it was found: another reconciliation, or a run that was reset and goes on.
      const lease = (await store.openLeases()).find((open) => open.kind === kind && open.id === id);
      const orphan = lease && judge(lease, await directory.endOf(holderOf(lease), signal()));
      if (lease === undefined || orphan === undefined || !isHere(lease)) return undefined;
      await places.require({ place }, signal(), { anew: true });
      const state = await (kind === 'trainer' ? deleteTrainer : deleteDeployment)(provisioner, id);
      const message = `orphan ${kind} ${id} retired, since ${orphan.holder ?? 'its run'} ${orphan.fate}: ${state}`;
      // Planned by a run that ended before it came to rent it: nothing to tell.
      const told: Announcement[] = [
        {
          kind: 'orphan.found',
          subject: { kind: 'run', id: runId },
          ordinal: `${kind}/${id}/${plannedAt}`,
          title: `${runId}: ${message}`,
          data: { machine: id, state },
        },
      ];
      await store.endLease({ kind, id }, state, state === NEVER_CREATED ? [] : told);
      if (state === NEVER_CREATED) return state;
      await store.addEvent(runId, {
        key: `orphan/${kind}/${id}/${plannedAt}`,
        at: new Date().toISOString(),
        phase: 'release',
        level: 'warn',
        message,
      });
      return state;
    },
  };
}

/** The workflow that returns what was rented: the run, unless it was rented beside one. */
function holderOf({ holder, runId }: StoredLease): string {
  return holder ?? runId;
}
