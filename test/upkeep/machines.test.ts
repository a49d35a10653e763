/** What is rented at two places by one home: activities against two real sandboxes and one real store. */
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { MockActivityEnvironment } from '@temporalio/testing';
import { createFireworksBackend } from '../../activities/backends/fireworks/index.ts';
import { guarded } from '../../activities/guard.ts';
import { placesOf } from '../../activities/places.ts';
import type { Backend } from '../../activities/ports.ts';
import { provisioning } from '../../activities/run/provision.ts';
import { minding } from '../../activities/upkeep/machines.ts';
import { reconciling, type RunDirectory } from '../../activities/upkeep/reconcile.ts';
import type { Place } from '../../domain/words/place.ts';
import { storeMark } from '../../activities/store-mark.ts';
import { machineLabel } from '../../domain/words/machines.ts';
import { openStore, type Store } from '../../store/index.ts';
import { NANO, NANO_SHAPE, Sandbox } from '../sandbox/harness.ts';
import { PLAN, SPEC } from '../store/fixtures.ts';

interface Site {
  readonly sandbox: Sandbox;
  readonly backend: Backend;
  readonly place: Place;
}

const NEVER = new AbortController().signal;
let here: Site;
let there: Site;
let folder: string;
let store: Store;

async function site(): Promise<Site> {
  const sandbox = await Sandbox.start();
  const backend = createFireworksBackend({ apiKey: 'key', baseUrl: sandbox.url });
  return { sandbox, backend, place: await backend.provisioner.place(NEVER) };
}

/** Runs by their ends; of any other run nobody knows. */
function directoryOf(going: readonly string[]): RunDirectory {
  return {
    namespaceId: 'ours',
    taskQueue: 'pawl',
    endOf: (runId) => Promise.resolve(going.includes(runId) ? undefined : { fate: 'was terminated' }),
  } as RunDirectory;
}

function act<T>(work: () => Promise<T>): Promise<T> {
  return new MockActivityEnvironment().run(work) as Promise<T>;
}

/** A trainer of a run, rented at a site and written down. */
/** As the test's own store would, unless another label says otherwise. */
async function rentTrainer({ backend, place }: Site, runId: string, label?: string): Promise<string> {
  const id = `${runId}-trainer`;
  const leases = await openStore({ path: join(folder, 'pawl.db'), namespaceId: 'ours', place });
  await leases.saveRun({ runId, name: 'demo', spec: SPEC, createdAt: new Date().toISOString() });
  await leases.planLease(runId, { kind: 'trainer', id });
  await leases.close();
  const request = {
    shape: NANO_SHAPE,
    baseModel: NANO,
    loraRank: 0,
    learningRate: 0.001,
    displayName: label ?? machineLabel(runId, storeMark(await store.storeId())),
  };
  await backend.provisioner.createTrainer({ id, ...request }, NEVER);
  return id;
}

async function isRented({ backend }: Site, id: string): Promise<boolean> {
  return (await backend.provisioner.getTrainer(id, NEVER))?.phase !== 'deleted';
}

beforeAll(async () => {
  [here, there] = await Promise.all([site(), site()]);
}, 600_000);

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'pawl-machines-'));
  store = await openStore({ path: join(folder, 'pawl.db'), namespaceId: 'ours', place: here.place });
});

afterEach(async () => {
  await store.close();
  rmSync(folder, { recursive: true, force: true });
});

afterAll(async () => {
  await Promise.all([here, there].map(({ backend, sandbox }) => backend.close().then(() => sandbox.close())));
}, 300_000);

describe('a sandbox', () => {
  test('is a place of its own, told apart by an id that its state keeps', async () => {
    expect(here.place.platform).toMatch(/^sandbox:[0-9a-f-]{36}$/);
    expect(there.place.platform).not.toBe(here.place.platform);
    expect(await here.backend.provisioner.place(NEVER)).toEqual(here.place);
  });
});

describe('work of another place', () => {
  test('is left alone, with both names, before the platform is asked', async () => {
    const id = await rentTrainer(there, 'left-00000001');
    const activities = guarded(provisioning({ backend: here.backend, store }), placesOf(here.backend.provisioner));
    const attempts: (() => Promise<unknown>)[] = [
      () => activities.lookTrainer({ trainerId: id, place: there.place }),
      () => activities.releaseTrainer({ trainerId: id, place: there.place }),
      () =>
        activities.createTrainer({
          runId: 'left-00000001',
          trainerId: id,
          plan: { ...PLAN, ...there.place },
          spec: SPEC,
        }),
    ];
    for (const work of attempts) {
      const failure = await act(work).then(
        () => undefined,
        (error: unknown) => error as { type: string; nonRetryable: boolean; message: string },
      );
      expect(failure).toMatchObject({ type: 'WrongPlatform', nonRetryable: false });
      expect(failure?.message).toContain(there.place.platform);
      expect(failure?.message).toContain(here.place.platform);
    }
    expect(await isRented(there, id)).toBe(true);
    expect((await store.openLeases()).map((lease) => lease.id)).toEqual([id]);
  }, 300_000);

  test('is counted, and never ended, by the reconciler', async () => {
    const [ours, theirs] = [await rentTrainer(here, 'mine-00000002'), await rentTrainer(there, 'mine-00000003')];
    const reconciler = reconciling({ ...here, store, directory: directoryOf([]), graceMs: 0 });
    const found = await act(() => reconciler.findOrphans());
    expect(found).toMatchObject({ checked: 1, foreign: 0, elsewhere: 1, orphans: [{ id: ours }] });
    const [lease] = (await store.openLeases()).filter(({ id }) => id === theirs);
    const orphan = {
      kind: 'trainer',
      id: theirs,
      runId: 'mine-00000003',
      plannedAt: lease?.plannedAt ?? '',
      fate: '',
    } as const;
    expect(await act(() => reconciler.retireOrphan(orphan))).toBeUndefined();
    expect(await isRented(there, theirs)).toBe(true);
  }, 300_000);
});

describe('what costs money', () => {
  test('is listed with its owner, rate and state; what is elsewhere is not asked for', async () => {
    const [ours, theirs] = [await rentTrainer(here, 'list-00000004'), await rentTrainer(there, 'list-00000005')];
    const machines = await act(() => minding({ ...here, store, directory: directoryOf([]) }).listMachines());
    expect(machines).toEqual([
      expect.objectContaining({ id: ours, runId: 'list-00000004', kept: false, costPerHour: 0, currency: 'USD' }),
      expect.objectContaining({ id: theirs, platform: there.place.platform }),
    ]);
    expect(machines.map(({ state }) => state?.startsWith('JOB_STATE_'))).toEqual([true, undefined]);
  }, 300_000);

  test('is returned by hand: not under a run that goes on, and with a word in its log', async () => {
    const id = await rentTrainer(here, 'hand-00000006');
    const input = { id, requestedBy: 'somebody@here', force: false, forget: false };
    const busy = minding({ ...here, store, directory: directoryOf(['hand-00000006']) });
    await expect(act(() => busy.releaseMachine(input))).rejects.toThrow('hand-00000006 goes on');
    const idle = minding({ ...here, store, directory: directoryOf([]) });
    expect(await act(() => idle.releaseMachine(input))).toMatchObject({ id, state: 'JOB_STATE_DELETED' });
    expect(await store.openLeases()).toEqual([]);
    const [event] = await store.events('hand-00000006');
    expect(event?.message).toContain('returned by somebody@here');
  }, 300_000);

  test('is listed while a deployment is kept, and returned by nobody but a person', async () => {
    const lease = { kind: 'deployment', id: 'kept-00000007-deploy' } as const;
    await store.saveRun({ runId: 'kept-00000007', name: 'kept', spec: SPEC, createdAt: new Date().toISOString() });
    await store.planLease('kept-00000007', lease);
    await store.keepLease(lease, 'READY, kept');
    const ports = { ...here, store, directory: directoryOf([]) };
    expect(await act(() => minding(ports).listMachines())).toEqual([expect.objectContaining({ ...lease, kept: true })]);
    const found = await act(() => reconciling({ ...ports, graceMs: 0 }).findOrphans());
    expect(found).toMatchObject({ checked: 0, orphans: [] });
    const how = { requestedBy: 'somebody', force: false, forget: false };
    await act(() => minding(ports).releaseMachine({ id: lease.id, ...how }));
    expect(await act(() => minding(ports).listMachines())).toEqual([]);
  }, 300_000);

  test('is found by its name after a store was lost, and returned unless its run goes on', async () => {
    const [going, over] = [await rentTrainer(here, 'lost-00000008'), await rentTrainer(here, 'lost-00000009')];
    const storeId = await store.storeId();
    const empty = await openStore({ path: join(folder, 'new.db'), namespaceId: 'ours', place: here.place, storeId });
    const machines = minding({ ...here, store: empty, directory: directoryOf(['lost-00000008']) });
    const found = await act(() => machines.findUnknown());
    expect(found.filter(({ id }) => id === going || id === over)).toEqual([
      expect.objectContaining({ id: going, holder: 'lost-00000008', inUse: true, ours: true }),
      expect.objectContaining({ id: over, holder: 'lost-00000009', inUse: false, ours: true }),
    ]);
    const how = { requestedBy: 'somebody', force: false, forget: false, unknown: true };
    await expect(act(() => machines.releaseMachine({ id: going, ...how }))).rejects.toThrow('goes on');
    await act(() => machines.releaseMachine({ id: over, ...how }));
    expect([await isRented(here, going), await isRented(here, over)]).toEqual([true, false]);
    await empty.close();
  }, 300_000);

  test('of another store is listed, and returned by its mark alone', async () => {
    const [theirs, bare] = [await rentTrainer(here, 'near-0000000c', 'pawl 0badcafe near-0000000c'), 'near-0000000d'];
    const unmarked = await rentTrainer(here, bare, 'an older pawl');
    const mine = await openStore({ path: join(folder, 'mine.db'), namespaceId: 'ours', place: here.place });
    const machines = minding({ ...here, store: mine, directory: directoryOf([]) });
    const found = await act(() => machines.findUnknown());
    expect(found.find(({ id }) => id === theirs)).toMatchObject({ ours: false, mark: '0badcafe', inUse: false });
    expect(found.find(({ id }) => id === unmarked)).toMatchObject({ ours: false, inUse: false });
    const how = { requestedBy: 'somebody', force: true, forget: false, unknown: true };
    for (const [id, said] of [
      [theirs, 'bears the mark 0badcafe of another store: name its mark (--of 0badcafe)'],
      [unmarked, 'bears no mark, and may be another store’s: name its mark (--of none)'],
    ] as const) {
      await expect(act(() => machines.releaseMachine({ id, ...how }))).rejects.toThrow(said);
      await expect(act(() => machines.releaseMachine({ id, ...how, mark: '12345678' }))).rejects.toThrow(said);
    }
    expect([await isRented(here, theirs), await isRented(here, unmarked)]).toEqual([true, true]);
    await act(() => machines.releaseMachine({ id: theirs, ...how, mark: '0badcafe' }));
    await act(() => machines.releaseMachine({ id: unmarked, ...how, mark: 'none' }));
    expect([await isRented(here, theirs), await isRented(here, unmarked)]).toEqual([false, false]);
    await mine.close();
  }, 300_000);

  test('bears the mark of the store whose worker rented it', async () => {
    const runId = 'mark-0000000e';
    const rented = guarded(provisioning({ backend: here.backend, store }));
    const shape = await here.backend.provisioner.resolveShape(NANO_SHAPE, NEVER);
    const plan = { ...PLAN, ...here.place, baseModel: NANO, shape };
    const spec = { ...SPEC, model: { ...SPEC.model, shape: NANO_SHAPE } };
    const trainer = { runId, trainerId: `${runId}-trainer`, plan, spec };
    await act(() => rented.createTrainer(trainer));
    await act(() => rented.createDeployment({ ...trainer, deploymentId: `${runId}-deploy` }));
    const labels = (await here.backend.provisioner.listRented(NEVER)).filter(({ id }) => id.startsWith(runId));
    expect(labels.map(({ label }) => label)).toEqual([
      expect.stringMatching(/^pawl [0-9a-f]{8} mark-0000000e$/),
      labels[0]?.label,
    ]);
    await act(() => rented.releaseTrainer({ trainerId: trainer.trainerId }));
    await act(() => rented.releaseDeployment({ deploymentId: `${runId}-deploy`, onFinish: 'delete' }));
  }, 300_000);
});

test('the end of a run that nobody recorded is recorded, by Temporal’s word; one that goes on is left alone', async () => {
  for (const runId of ['fate-0000000a', 'fate-0000000b']) {
    await store.saveRun({ runId, name: 'fate', spec: SPEC, createdAt: new Date().toISOString() });
  }
  const directory = directoryOf(['fate-0000000b']);
  await act(() => reconciling({ ...here, store, directory, graceMs: 0 }).findOrphans());
  expect(await store.getRun('fate-0000000a')).toMatchObject({
    outcome: 'crashed',
    reason: 'its end was not recorded; by Temporal’s word it was terminated',
  });
  expect((await store.getRun('fate-0000000b')).outcome).toBe('pending');
});
