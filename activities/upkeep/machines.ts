/** What is rented and kept, as store and platform know it; one returned by hand; and what only the platform knows. */
import { PawlError } from '../../domain/words/failures-of-calls.ts';
import {
  markOf,
  plannerOf,
  UNMARKED,
  whoseText,
  type Machine,
  type MachineActivities,
  type ReleaseInput,
  type ReleaseReport,
  type UnknownMachine,
} from '../../domain/words/machines.ts';
import { placeOf, samePlace, type Place } from '../../domain/words/place.ts';
import { signal } from '../guard.ts';
import { elsewhere, placesOf } from '../places.ts';
import type { Backend } from '../ports.ts';
import { storeMark } from '../store-mark.ts';
import { deleteDeployment, deleteTrainer } from '../run/release.ts';
import type { Store, StoredLease, StoredRun } from '../../store/index.ts';
import type { RunDirectory } from './reconcile.ts';

interface Ports {
  readonly backend: Backend;
  readonly store: Store;
  readonly directory: RunDirectory;
  readonly place: Place;
}

export function minding({ backend, store, directory, place }: Ports): MachineActivities {
  const { provisioner } = backend;
  const places = placesOf(provisioner, place);

  function isHere(lease: StoredLease): boolean {
    return samePlace({ ...place, ...placeOf(lease) }, place);
  }

  async function leases(): Promise<readonly StoredLease[]> {
    return [...(await store.openLeases()), ...(await store.keptLeases())];
  }

  async function machineOf(lease: StoredLease, run: StoredRun | undefined): Promise<Machine> {
    const { kind, id, runId, holder, plannedAt, keptAt } = lease;
    const seen = isHere(lease)
      ? await (kind === 'trainer' ? provisioner.getTrainer(id, signal()) : provisioner.getDeployment(id, signal()))
      : undefined;
    const replicas = seen !== undefined && 'replicas' in seen ? seen.replicas : run?.spec.deployment.replicas;
    return {
      kind,
      id,
      runId,
      ...(holder !== undefined && { holder }),
      ...placeOf(lease),
      since: plannedAt,
      kept: keptAt !== undefined,
      ...(isHere(lease) && { state: seen?.state ?? 'not there' }),
      ...(run !== undefined && rateOf(run, kind, replicas ?? 1)),
    };
  }

  /** Deletes it, down to the platform's last word. */
  async function giveBack(kind: Machine['kind'], id: string): Promise<string> {
    await places.require({ place }, signal(), { anew: true });
    return (kind === 'trainer' ? deleteTrainer : deleteDeployment)(provisioner, id);
  }

  async function requireIdle(holder: string, force: boolean): Promise<void> {
    if (force || (await directory.endOf(holder, signal())) !== undefined) return;
    throw refusal(
      `${holder} goes on and works with it: stop that first, or give --force, after which it rents another`,
    );
  }

  async function releaseUnknown({ id, force, mark: named }: ReleaseInput): Promise<ReleaseReport> {
    const found = (await unknown()).find((one) => one.id === id);
    if (found === undefined) throw refusal(`no machine ${id} that pawl made is rented at ${place.platform}`);
    const { ours, mark = UNMARKED } = found;
    if (!ours && mark !== named) throw refusal(`${id} ${whoseText(mark)}: name its mark (--of ${mark}) to return it`);
    await requireIdle(found.holder, force);
    return { kind: found.kind, id, state: await giveBack(found.kind, id) };
  }

  async function unknown(): Promise<readonly UnknownMachine[]> {
    const known = new Set((await leases()).map(({ kind, id }) => `${kind}/${id}`));
    const own = storeMark(await store.storeId());
    const found: UnknownMachine[] = [];
    for (const { kind, id, state, label } of await provisioner.listRented(signal())) {
      const holder = plannerOf(id);
      if (holder === undefined || known.has(`${kind}/${id}`)) continue;
      const inUse = (await directory.endOf(holder, signal())) === undefined;
      const mark = markOf(label);
      found.push({ kind, id, holder, state, inUse, ours: mark === own, ...(mark !== undefined && { mark }) });
    }
    return found;
  }

  return {
    async listMachines() {
      const all = await leases();
      const runs = new Map<string, StoredRun | undefined>();
      for (const { runId } of all) {
        if (!runs.has(runId)) runs.set(runId, await store.getRun(runId).catch(() => undefined));
      }
      return Promise.all(all.map((lease) => machineOf(lease, runs.get(lease.runId))));
    },

    findUnknown: unknown,

    async releaseMachine(input) {
      const { id, requestedBy, force, forget } = input;
      const lease = (await leases()).find((one) => one.id === id);
      if (lease === undefined) {
        if (input.unknown === true) return releaseUnknown(input);
        throw refusal(
          `no machine ${id} is rented: \`pawl machines\` lists those that are, \`pawl reconcile --unknown\` those that the store does not know`,
        );
      }
      const { kind, runId, holder = runId } = lease;
      if (!forget && !isHere(lease)) throw elsewhere(placeOf(lease) ?? place, place);
      if (lease.keptAt === undefined) await requireIdle(holder, force);
      const state = forget ? 'forgotten: nobody asked the platform' : await giveBack(kind, id);
      await store.endLease({ kind, id }, state);
      await store.addEvent(runId, {
        key: `released/${kind}/${id}/${lease.plannedAt}`,
        at: new Date().toISOString(),
        phase: 'release',
        level: 'warn',
        message: `${kind} ${id} was ${forget ? 'forgotten' : 'returned'} by ${requestedBy}: ${state}`,
      });
      return { kind, id, state };
    },
  };
}

function rateOf(
  { spec }: StoredRun,
  kind: Machine['kind'],
  replicas: number,
): Pick<Machine, 'costPerHour' | 'currency'> {
  const { trainerPerHour, replicaPerHour, currency } = spec.prices;
  return { costPerHour: kind === 'trainer' ? trainerPerHour : replicaPerHour * replicas, currency };
}

function refusal(message: string): PawlError {
  return new PawlError('InvalidRequest', message);
}
