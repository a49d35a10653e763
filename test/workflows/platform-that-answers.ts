/**
 * A platform that only answers, at the activities' own table: every call is counted, and each can be told what to say. It
 * stands where trainers, deployments and the store would; Temporal, the workflows and their bundle are real.
 */
import { ApplicationFailure, CancelledFailure } from '@temporalio/common';
import { Context } from '@temporalio/activity';
import type { AccountActivities } from '../../domain/words/accounts.ts';
import type { Evaluation, EvaluationInput } from '../../domain/words/evaluation.ts';
import type { Plan } from '../../domain/words/plan.ts';
import type { Activities, MachineSight, RunRecord } from '../../domain/words/run.ts';

export const PLAN: Plan = {
  platform: 'answers',
  account: 'acc',
  shape: {
    reference: 'accounts/acc/trainingShapes/s/versions/1',
    baseModel: 'accounts/acc/models/m',
    maxContextTokens: 32,
    acceleratorType: 'none',
    acceleratorCount: 0,
    deploymentShape: 'shape',
  },
  baseModel: 'accounts/acc/models/m',
  dataset: 'd'.repeat(64),
  examples: 100,
  examplesDropped: 0,
  promptSet: 'p'.repeat(64),
  prompts: 4,
  chunksPerStep: 1,
  requestsPerStep: 2,
  costPerHour: 0,
};

/** All that a run has done for it. */
export type Asked = Activities & Pick<AccountActivities, 'reserveRent'>;

type Answers = {
  [Name in keyof Asked]: (
    input: Parameters<Asked[Name]>[0],
  ) => Awaited<ReturnType<Asked[Name]>> | Promise<Awaited<ReturnType<Asked[Name]>>>;
};

/** Of one run: what it called, and what it was answered where that is not the usual. */
export class Platform {
  readonly calls: { name: keyof Asked; input: unknown }[] = [];
  readonly records: RunRecord[] = [];
  /** Replaces the usual answer. */
  readonly answers: Partial<Answers> = {};
  #saved = 0;

  count(name: keyof Asked): number {
    return this.calls.filter((call) => call.name === name).length;
  }

  inputs<Name extends keyof Asked>(name: Name): Parameters<Asked[Name]>[0][] {
    return this.calls.filter((call) => call.name === name).map(({ input }) => input as Parameters<Asked[Name]>[0]);
  }

  /** Machines that were created and not returned. */
  rented(): string[] {
    const returned = new Set([
      ...this.inputs('releaseTrainer').map(({ trainerId }) => trainerId),
      ...this.inputs('releaseDeployment').map(({ deploymentId }) => deploymentId),
    ]);
    const created = [
      ...this.inputs('createTrainer').map(({ trainerId }) => trainerId),
      ...this.inputs('createDeployment').map(({ deploymentId }) => deploymentId),
    ];
    return created.filter((id) => !returned.has(id));
  }

  async answer(name: keyof Asked, input: never): Promise<unknown> {
    this.calls.push({ name, input });
    const given = this.answers[name] as ((input: never) => unknown) | undefined;
    return given === undefined ? (this.#usual[name] as (input: never) => unknown)(input) : given(input);
  }

  readonly #usual: Answers = {
    plan: () => PLAN,
    reserveRent: () => ({ kind: 'granted', leftMs: 900_000 }),
    createTrainer: () => undefined,
    handOver: () => undefined,
    scoreReference: () => 'f'.repeat(64),
    lookTrainer: () => READY,
    resumeTrainer: () => undefined,
    createDeployment: ({ deploymentId, plan, spec }) => ({
      deploymentId,
      baseModel: plan.baseModel,
      replicas: spec.deployment.replicas,
    }),
    lookDeployment: () => READY,
    tryAccess: () => undefined,
    openSession: () => 'session',
    createModel: ({ trainerId, sessionId }) => ({
      trainerId,
      sessionId,
      modelId: 'model',
    }),
    loadState: () => undefined,
    loadStart: () => undefined,
    trainWindow: ({ steps }) => ({ tokens: steps * 10, secondsPerStep: 0.001, lossMean: 1, maxLossMean: 1 }),
    measureLoss: () => null,
    saveState: ({ name }) => name,
    saveSnapshot: ({ name }) => `${name}-${++this.#saved}`,
    syncSnapshot: ({ identity }) => ({ identity, replicas: 1, seconds: 0 }),
    evaluate: (input) => ({ kind: 'scored', evaluation: scored(input, 0.1) }),
    record: (facts) => {
      this.records.push(facts);
      return { missing: false };
    },
    restoreRecord: () => undefined,
    recordSync: () => undefined,
    proofRuns: () => true,
    releaseTrainer: () => 'JOB_STATE_DELETED',
    releaseDeployment: () => 'gone',
  };
}

const READY: MachineSight = { standing: 'ready', state: 'JOB_STATE_RUNNING' };
export const PENDING: MachineSight = { standing: 'capacity', state: 'JOB_STATE_PENDING', detail: 'no capacity' };

export function scored({ evaluationId, checkpoint, plan, suite }: EvaluationInput, score: number): Evaluation {
  return {
    id: evaluationId,
    checkpoint: checkpoint.name,
    step: checkpoint.step,
    identity: checkpoint.identity,
    promptSet: plan.promptSet,
    metric: 'exact_match',
    ...(suite !== undefined && { suite }),
    score,
    low: score - 0.05,
    high: score + 0.05,
    samples: 4,
    missing: 0,
  };
}

/** As the activities themselves fail. */
export function failure(type: string, message: string): ApplicationFailure {
  return ApplicationFailure.create({ type, message, nonRetryable: type !== 'Unavailable' });
}

/** Until the call is cancelled: a service that hangs. */
export async function hang(): Promise<never> {
  const context = Context.current();
  const beat = setInterval(() => context.heartbeat(), 500);
  try {
    await context.cancelled;
  } finally {
    clearInterval(beat);
  }
  throw new CancelledFailure('cancelled');
}
