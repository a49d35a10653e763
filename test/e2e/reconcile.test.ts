import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { Client, Connection } from '@temporalio/client';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { taskQueueOf } from '../task-queue.ts';
import { openStore } from '../../store/index.ts';
import type { StackInfo } from '../../client/local/stack.ts';
import { storeFile } from '../../client/runs/run-store.ts';
import { reconcileScheduleId, type ReconcileReport } from '../../domain/words/reconcile.ts';
import { writeExperiment } from './experiment.ts';
import { Pawl } from './pawl.ts';

const pawl = new Pawl();
let stack: StackInfo;
let connection: Connection;
let temporal: Client;

const BY_HAND = 'rented-by-hand';
/** Its reconciler waits for one second only; the stack's own one for a quarter of an hour. */
const EAGER = { PAWL_TASK_QUEUE: 'eager' };
const ENDLESS = { train: { steps: 100_000, batchSize: 16, optimizer: { learningRate: 0.01 } } };

beforeAll(async () => {
  stack = await pawl.up();
  await pawl.worker(EAGER.PAWL_TASK_QUEUE, {
    PAWL_LEASE_GRACE_SECONDS: '1',
    PAWL_RECONCILE_SECONDS: '86400',
  });
  connection = await Connection.connect({ address: stack.temporalAddress ?? '' });
  temporal = new Client({ connection, namespace: stack.temporalNamespace });
  await rentByHand();
}, 600_000);

afterAll(async () => {
  await connection.close();
  await pawl.cleanUp();
}, 300_000);

/** A trainer that pawl did not create. */
async function rentByHand(): Promise<void> {
  const response = await fetch(
    `${stack.sandboxUrl}/v1/accounts/sandbox/rlorTrainerJobs?rlorTrainerJobId=${BY_HAND}&trainingShape=${encodeURIComponent('accounts/fireworks/trainingShapes/ts-pawl-nano')}`,
    {
      method: 'POST',
      headers: { 'X-Api-Key': 'sandbox', 'Content-Type': 'application/json' },
      body: JSON.stringify({ trainingConfig: { baseModel: 'accounts/fireworks/models/pawl-nano', loraRank: 0 } }),
    },
  );
  expect(response.status).toBe(200);
}

/** As if this home had served another Temporal server before, whose runs nobody here can judge. */
async function leaseFromElsewhere(runId: string): Promise<void> {
  const store = await openStore({ path: storeFile(pawl.home), namespaceId: 'elsewhere' });
  await store.planLease(runId, { kind: 'trainer', id: BY_HAND });
  await store.close();
}

async function trainerJobs(): Promise<string[]> {
  const { rented } = await pawl.ledger();
  return rented.trainerJobs.map((name) => name.split('/').at(-1) ?? '').sort();
}

async function startTraining(name: string): Promise<string> {
  const runId = await pawl.start(writeExperiment(join(pawl.home, name), ENDLESS));
  await pawl.until(runId, ({ steps }) => steps.length >= 1);
  return runId;
}

async function reconcile(options: string[], environment: Record<string, string> = EAGER): Promise<ReconcileReport> {
  const { stdout, stderr, code } = await pawl.run(['reconcile', '--output', 'json', ...options], environment);
  if (code !== 0) throw new Error(stderr);
  return JSON.parse(stdout) as ReconcileReport;
}

describe('what a terminated run leaves behind', () => {
  let live: string;
  let orphaned: string;

  test('is left alone during the grace period, and is only named by a dry run', async () => {
    live = await startTraining('live');
    await pawl.holdTrainer(live);
    orphaned = await startTraining('orphaned');
    await temporal.workflow.getHandle(orphaned).terminate('by a test');
    await leaseFromElsewhere(orphaned);
    expect(await reconcile([], {})).toMatchObject({ checked: 4, foreign: 1, orphans: [], retired: [], failed: [] });

    await sleep(1_000);
    const { orphans, retired } = await reconcile(['--dry-run']);
    expect(orphans.map(({ kind, runId }) => [kind, runId])).toEqual([
      ['trainer', orphaned],
      ['deployment', orphaned],
    ]);
    expect(retired).toEqual([]);
    expect(await trainerJobs()).toEqual(
      [live, orphaned]
        .map((runId) => `${runId}-trainer`)
        .concat(BY_HAND)
        .sort(),
    );
  }, 600_000);

  test('is returned by several reconciliations at once; live runs and the work of others are not touched', async () => {
    const scheduled = temporal.schedule
      .getHandle(reconcileScheduleId(await taskQueueOf(pawl.home, EAGER.PAWL_TASK_QUEUE)))
      .trigger();
    const [report] = await Promise.all([reconcile([]), scheduled]);
    expect(report.failed).toEqual([]);
    const { events } = await pawl.until(orphaned, ({ events }) => retiredEvents(events).length === 2);
    expect(retiredEvents(events).join('\n')).toMatch(/was terminated at 20\d\d-.*JOB_STATE_DELETED/);

    expect(await trainerJobs()).toEqual([`${live}-trainer`, BY_HAND].sort());
    const { deployments } = (await pawl.ledger()).rented;
    expect(deployments).toEqual([expect.objectContaining({ name: expect.stringContaining(live) })]);
    expect(await reconcile([])).toMatchObject({ checked: 2, orphans: [], retired: [] });
    expect((await pawl.show(live)).outcome).toBe('running');
    expect((await pawl.show(orphaned)).outcome).toBe('crashed');
  }, 600_000);

  test('is nothing once the run could release it itself', async () => {
    await pawl.run(['stop', live, '--now']);
    await pawl.until(live, ({ outcome }) => outcome === 'cancelled');
    expect(await reconcile([])).toMatchObject({ checked: 0 });
    expect(await trainerJobs()).toEqual([BY_HAND]);
  }, 600_000);
});

describe('the schedule', () => {
  test('is one per task queue, and stays paused when a worker starts again', async () => {
    const handle = temporal.schedule.getHandle(reconcileScheduleId(stack.taskQueue));
    await handle.pause('by a test');
    await pawl.killWorker();
    const { state, spec, policies } = await handle.describe();
    expect(state).toMatchObject({ paused: true, note: 'by a test' });
    expect(spec.intervals).toEqual([expect.objectContaining({ every: 300_000 })]);
    expect(policies.overlap).toBe('SKIP');
  }, 600_000);
});

function retiredEvents(events: readonly { message: string }[]): string[] {
  return events.map(({ message }) => message).filter((message) => /^orphan .* retired/.test(message));
}
