/** The activities as the workflow sees them: one table of time-outs, heartbeats, retries and cancellation. */
import { ActivityCancellationType, proxyActivities, type ActivityOptions } from '@temporalio/workflow';
import type { Activities, FailureType } from '../domain/words/run.ts';

const FINAL: FailureType[] = [
  'InvalidRequest',
  'Unauthorized',
  'LostTrainer',
  'TrainerGone',
  'DeploymentGone',
  'SyncFailed',
  'GraderFailed',
];

const RETRY = {
  initialInterval: '100ms',
  backoffCoefficient: 2,
  maximumInterval: '30s',
  nonRetryableErrorTypes: FINAL,
} as const;

/**
 * Every call heartbeats each second from a timer, so a lost worker is noticed in seconds and a cancellation reaches the
 * call. A run waits for a cancelled call to end before it releases: else a create could overtake its own delete.
 */
export const COMMON = {
  heartbeatTimeout: '5s',
  cancellationType: ActivityCancellationType.WAIT_CANCELLATION_COMPLETED,
  retry: RETRY,
} as const satisfies ActivityOptions;

/**
 * Whatever is away for so long, workers included, is waited for: longer than a weekend. While it is, a run stands still and
 * says so; its machines are the reconciler's to return only once it is over.
 */
const OUTAGE = '4d';

/** With the pauses between them, some five minutes. */
const PLAN_ATTEMPTS = 16;

/** One remote call, or a few. */
export const CALL = { ...COMMON, startToCloseTimeout: '5m', scheduleToCloseTimeout: OUTAGE } as const;

export const OPTIONS: Record<keyof Activities, ActivityOptions> = {
  // As long as it takes: it says how far it is, and another attempt goes on where a dead worker left it. Nothing is rented
  // yet, so what fails again and again is told after some minutes instead of being waited for.
  plan: {
    ...COMMON,
    heartbeatTimeout: '30s',
    startToCloseTimeout: OUTAGE,
    retry: { ...RETRY, maximumAttempts: PLAN_ATTEMPTS },
  },
  createTrainer: CALL,
  lookTrainer: CALL,
  resumeTrainer: CALL,
  createDeployment: CALL,
  handOver: CALL,
  lookDeployment: CALL,
  // Whoever tries it has the patience.
  tryAccess: { ...COMMON, startToCloseTimeout: '5m', retry: { ...RETRY, maximumAttempts: 1 } },
  openSession: CALL,
  createModel: { ...CALL, startToCloseTimeout: '30m' },
  loadState: { ...COMMON, startToCloseTimeout: '45m', scheduleToCloseTimeout: OUTAGE },
  loadStart: { ...COMMON, startToCloseTimeout: '45m', scheduleToCloseTimeout: OUTAGE },
  // As long as the data is; another attempt goes on where a dead worker left it.
  scoreReference: { ...COMMON, startToCloseTimeout: OUTAGE, scheduleToCloseTimeout: OUTAGE },
  // While it stands still a trainer waits: a lost worker is noticed sooner here.
  trainWindow: { ...COMMON, heartbeatTimeout: '3s', startToCloseTimeout: '2h', scheduleToCloseTimeout: OUTAGE },
  // Like a window of training, but for what it leaves behind: nothing.
  measureLoss: { ...COMMON, heartbeatTimeout: '3s', startToCloseTimeout: '2h', scheduleToCloseTimeout: OUTAGE },
  saveState: { ...COMMON, startToCloseTimeout: '45m', scheduleToCloseTimeout: OUTAGE },
  saveSnapshot: { ...COMMON, startToCloseTimeout: '45m', scheduleToCloseTimeout: OUTAGE },
  syncSnapshot: { ...COMMON, startToCloseTimeout: '20m', scheduleToCloseTimeout: OUTAGE },
  evaluate: { ...COMMON, startToCloseTimeout: '6h', scheduleToCloseTimeout: OUTAGE },
  // Whoever writes has the patience; an afterword has no end to it.
  record: { ...COMMON, startToCloseTimeout: '5m' },
  recordSync: { ...COMMON, startToCloseTimeout: '5m' },
  proofRuns: CALL,
  restoreRecord: CALL,
  // Machines must be returned, however long it takes: a refused key is retried too, until somebody mends it.
  releaseTrainer: { ...COMMON, startToCloseTimeout: '5m', retry: { ...RETRY, nonRetryableErrorTypes: [] } },
  releaseDeployment: { ...COMMON, startToCloseTimeout: '5m', retry: { ...RETRY, nonRetryableErrorTypes: [] } },
};

function proxied<Name extends keyof Activities>(name: Name): Activities[Name] {
  return proxyActivities<Activities>(OPTIONS[name])[name];
}

export const activities: Activities = {
  plan: proxied('plan'),
  createTrainer: proxied('createTrainer'),
  lookTrainer: proxied('lookTrainer'),
  resumeTrainer: proxied('resumeTrainer'),
  createDeployment: proxied('createDeployment'),
  handOver: proxied('handOver'),
  lookDeployment: proxied('lookDeployment'),
  tryAccess: proxied('tryAccess'),
  openSession: proxied('openSession'),
  createModel: proxied('createModel'),
  loadState: proxied('loadState'),
  loadStart: proxied('loadStart'),
  scoreReference: proxied('scoreReference'),
  trainWindow: proxied('trainWindow'),
  measureLoss: proxied('measureLoss'),
  saveState: proxied('saveState'),
  saveSnapshot: proxied('saveSnapshot'),
  syncSnapshot: proxied('syncSnapshot'),
  evaluate: proxied('evaluate'),
  record: proxied('record'),
  restoreRecord: proxied('restoreRecord'),
  recordSync: proxied('recordSync'),
  proofRuns: proxied('proofRuns'),
  releaseTrainer: proxied('releaseTrainer'),
  releaseDeployment: proxied('releaseDeployment'),
};
