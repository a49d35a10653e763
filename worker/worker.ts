/** Joins workflows, activities and their ports into one Temporal worker. */
import { join } from 'node:path';
import { Client } from '@temporalio/client';
import { NativeConnection, Runtime, Worker, type LogMetadata } from '@temporalio/worker';
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
  createReconcileActivities,
  createGcActivities,
  createServingActivities,
} from '../activities/index.ts';
import { openStore } from '../store/index.ts';
import { workflowSource } from './bundle.ts';
import type { WorkerConfig } from './config.ts';
import { openPromotionDesk } from './promotion-desk.ts';
import { ensureReconcileSchedule } from './reconcile-schedule.ts';
import { openRunDirectory } from './run-directory.ts';

/** A call gives up after this long without an answer, and Temporal repeats the activity: for hours, and visibly. */
const OUTAGE_SHOWN_AFTER_MS = 10_000;

export interface RunningWorker {
  /** Resolves when the worker has drained and everything it held is closed. */
  run(): Promise<void>;
  /** Stops polling; activities are told to stop and hand over to another worker. */
  shutdown(): void;
}

export async function createWorker(config: WorkerConfig, logger: Logger): Promise<RunningWorker> {
  installLogger(logger);
  const connection = await NativeConnection.connect({ address: config.temporalAddress });
  const client = new Client({ connection, namespace: config.temporalNamespace });
  const directory = await openRunDirectory(client);
  const { namespaceId } = directory;
  const store = await openStore({ path: join(config.home, 'pawl.db'), namespaceId });
  const artifacts = openArtifacts(join(config.home, 'artifacts'));
  const backend = createFireworksBackend({
    ...config.fireworks,
    retries: retriesWithin(OUTAGE_SHOWN_AFTER_MS),
    logger: logger.child({ component: 'fireworks' }),
  });
  const compute = openPool({
    thread: compiledThread(),
    onError: (error) => logger.error({ err: error }, 'a thread of the pool failed'),
  });
  const userCode = createUserCode({ artifacts });
  const worker = await Worker.create({
    connection,
    namespace: config.temporalNamespace,
    taskQueue: config.taskQueue,
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
      }),
      ...createBranchActivities({ store }),
      ...createPromptActivities({ store, artifacts }),
      ...createPromotionActivities({
        backend,
        store,
        desk: openPromotionDesk(client, config.taskQueue),
        compute,
      }),
      ...createReconcileActivities({ backend, store, directory, graceMs: config.leaseGraceMs }),
      ...createServingActivities({ backend, store, directory, compute }),
      ...createGcActivities({ store, artifacts, directory }),
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
  await ensureReconcileSchedule(client, { taskQueue: config.taskQueue, everyMs: config.reconcileEveryMs });
  return {
    async run() {
      try {
        await worker.run();
      } finally {
        await compute.close();
        await userCode.close();
        await backend.close();
        await store.close();
        await connection.close();
      }
    },
    shutdown: () => worker.shutdown(),
  };
}

/** One process, one log: the SDK's own lines come out as pino's. */
function installLogger(logger: Logger): void {
  const line =
    (level: 'trace' | 'debug' | 'info' | 'warn' | 'error') =>
    (message: string, meta?: LogMetadata): void =>
      logger[level]({ ...meta }, message);
  Runtime.install({
    logger: {
      log: (level, message, meta) => line(level.toLowerCase() as 'info')(message, meta),
      trace: line('trace'),
      debug: line('debug'),
      info: line('info'),
      warn: line('warn'),
      error: line('error'),
    },
    shutdownSignals: [],
  });
}
