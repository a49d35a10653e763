/** Joins workflows, activities and their ports into one Temporal worker. */
import { join } from 'node:path';
import { Client } from '@temporalio/client';
import { NativeConnection, Worker } from '@temporalio/worker';
import type { Logger } from 'pino';
import { createFireworksBackend, retriesWithin } from '../activities/backends/fireworks/index.ts';
import { compiledThread, openPool } from '../activities/compute/pool.ts';
import { createUserCode } from '../activities/user-code/user-code.ts';
import { openArtifacts } from '../store/artifacts/artifacts.ts';
import {
  createActivities,
  createBranchActivities,
  createPromotionActivities,
  createPromptActivities,
  createMachineActivities,
  createNotifyActivities,
  createReconcileActivities,
  createGcActivities,
  createAccountActivities,
  createScheduleActivities,
  createServingActivities,
  createSweepActivities,
} from '../activities/index.ts';
import { openChannels } from '../activities/notify/channels.ts';
import { placesOf } from '../activities/places.ts';
import { loadChannels } from '../files/channels-file.ts';
import { workflowSource } from './bundle.ts';
import type { WorkerConfig } from './config.ts';
import { showLiveness } from './liveness.ts';
import { installLogger } from './logger.ts';
import { logLoopDelay } from './loop-delay.ts';
import { Patience } from './patience.ts';
import { startPostman } from './postman.ts';
import { openPromotionDesk } from './promotion-desk.ts';
import { ensureReconcileSchedule } from './reconcile-schedule.ts';
import { openRunDirectory } from './run-directory.ts';
import { openScheduleDesk } from './schedule-desk.ts';
import { openStation, type Station } from './station.ts';

/** A call gives up after this long without an answer, and Temporal repeats the activity: for hours, and visibly. */
const OUTAGE_SHOWN_AFTER_MS = 10_000;

export interface RunningWorker {
  readonly station: Station;
  /** Resolves when the worker has drained and everything it held is closed. */
  run(): Promise<void>;
  /** Stops polling; activities are told to stop and hand over to another worker. */
  shutdown(): void;
}

export async function createWorker(config: WorkerConfig, logger: Logger): Promise<RunningWorker> {
  installLogger(logger);
  const patience = new Patience(config.startLimitMs, logger);
  const temporal = {
    what: `Temporal does not answer at ${config.temporalAddress} (namespace ${config.temporalNamespace})`,
    remedy: 'Start it, or set TEMPORAL_ADDRESS and TEMPORAL_NAMESPACE to one that runs',
  };
  const connection = await patience.until(temporal, () =>
    NativeConnection.connect({ address: config.temporalAddress }),
  );
  const client = new Client({ connection, namespace: config.temporalNamespace });
  const directory = await patience.until(temporal, () => openRunDirectory(client));
  const channels = openChannels({
    file: await loadChannels(config.home),
    secrets: config.notifySecrets,
    commands: config.notifyCommands,
  });
  const backend = createFireworksBackend({
    ...config.fireworks,
    retries: retriesWithin(OUTAGE_SHOWN_AFTER_MS),
    logger: logger.child({ component: 'fireworks' }),
  });
  const compute = openPool({
    thread: compiledThread(),
    onError: (error) => logger.error({ err: error }, 'a thread of the pool failed'),
  });
  const platform = {
    what: `the platform at ${config.fireworks.baseUrl} does not tell its account`,
    remedy: 'Check the network and FIREWORKS_BASE_URL, or name the account with FIREWORKS_ACCOUNT_ID',
  };
  const place = await patience.until(platform, () =>
    backend.provisioner.place(AbortSignal.timeout(config.startLimitMs)),
  );
  const { home, queueName } = config;
  const station = await openStation({ home, namespaceId: directory.namespaceId, place, queueName });
  const { store, taskQueue } = station;
  await patience.until(temporal, () =>
    ensureReconcileSchedule(client, { taskQueue, everyMs: config.reconcileEveryMs }),
  );
  const artifacts = openArtifacts(join(config.home, 'artifacts'));
  const userCode = createUserCode({ artifacts, ...config.userCode });
  await store.noteChannels(channels.states);
  const places = placesOf(backend.provisioner, place);
  const loop = logLoopDelay(logger);
  const worker = await Worker.create({
    connection,
    namespace: config.temporalNamespace,
    taskQueue,
    ...workflowSource(),
    activities: {
      ...createActivities({
        backend,
        store,
        artifacts,
        secrets: config.graderSecrets,
        compute,
        userCode,
        directory,
        places,
        channels,
      }),
      ...createBranchActivities({ store }),
      ...createPromptActivities({ store, artifacts, compute }),
      ...createPromotionActivities({ backend, store, desk: openPromotionDesk(client, taskQueue), compute, places }),
      ...createMachineActivities({ backend, store, directory, place }),
      ...createReconcileActivities({ backend, store, directory, place, graceMs: config.leaseGraceMs }),
      ...createServingActivities({ backend, store, directory, compute, places }),
      ...createNotifyActivities({ store, channels }),
      ...createGcActivities({ store, artifacts, directory }),
      ...createSweepActivities({
        store,
        artifacts,
        compute,
        userCode,
        secrets: config.graderSecrets,
        directory,
        shapes: backend.provisioner,
      }),
      ...createAccountActivities({ store }),
      ...createScheduleActivities({
        store,
        artifacts,
        compute,
        directory,
        shapes: backend.provisioner,
        desk: openScheduleDesk(client, taskQueue),
      }),
    },
    interceptors: {
      activity: [
        ({ info }) => ({
          inbound: { execute: async (input, next) => loop.during(info.activityType, async () => next(input)) },
        }),
      ],
    },
    // A run whose worker died is picked up by another one after a second, not ten.
    stickyQueueScheduleToStartTimeout: '1s',
    // What a retry is told may be this old: it then asks again for a second's steps, and joins them. Five beats a second
    // for each of many runs are what a Temporal server is busiest with.
    maxHeartbeatThrottleInterval: '1s',
    defaultHeartbeatThrottleInterval: '1s',
    // Activities wait, for a trainer that computes or for days on capacity: with the default of 100, so many waiting runs
    // would keep every other one from starting.
    maxConcurrentActivityTaskExecutions: 1000,
    shutdownGraceTime: '1s',
    shutdownForceTime: '20s',
  });
  const liveness = await showLiveness(station, config.livenessFile, logger);
  return {
    station,
    async run() {
      const postman = startPostman({ store, channels, client, taskQueue, logger });
      try {
        await worker.run();
      } finally {
        loop.end();
        await postman.end();
        await compute.close();
        await userCode.close();
        await liveness.end();
        await backend.close();
        await store.close();
        await connection.close();
      }
    },
    shutdown: () => worker.shutdown(),
  };
}
