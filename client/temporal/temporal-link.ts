/** Everything pawl asks of a Temporal server, each call bounded in time; a silent server becomes one clear error. */
import type { Client, WorkflowExecutionDescription, WorkflowExecutionInfo, WorkflowHandle } from '@temporalio/client';
import {
  aliasWorkflowId,
  PROMOTIONS_WORKFLOW_TYPE,
  type AliasRequest,
  type PromotionDecision,
} from '../../domain/words/promotion.ts';
import {
  RECONCILE_WORKFLOW_TYPE,
  reconcileScheduleId,
  type ReconcileInput,
  type ReconcileReport,
} from '../../domain/words/reconcile.ts';
import { RUN_TASK_TIMEOUT, RUN_WORKFLOW_TYPE, branchesId } from '../../domain/words/names.ts';
import type { BudgetChange, SetAnswer, SetRequest } from '../../domain/words/live-changes.ts';
import type { BranchesStatus } from '../../domain/words/branches.ts';
import type { Probe } from '../../domain/words/serving.ts';
import type { RunInput, RunReport, RunStatus } from '../../domain/words/run.ts';
import type { SweepChange, SweepStatus } from '../../domain/words/sweep-workflow.ts';
import { UnreachableError, UserError } from '../errors.ts';
import { heartbeatOf } from './execution.ts';
import { failureMessage, isNamed } from './failure.ts';
import type * as TemporalSdk from './sdk.ts';
import { isSilence } from './silence.ts';

type Sdk = typeof TemporalSdk;

/** Read when a server is first asked. */
async function sdk(): Promise<Sdk> {
  return import('./sdk.ts');
}

/** A poller is listed for minutes after it went; a live one asks at least once a minute. */
const POLLER_FRESH_MS = 75_000;
const WORKFLOW_TASK_QUEUE = 1;

/** How long a result is waited for before the server is asked whether it is there. */
const POLL_MS = 60_000;

const DEFAULTS = {
  connectTimeoutMs: 3_000,
  callTimeoutMs: 5_000,
  queryTimeoutMs: 2_000,
  updateTimeoutMs: 30_000,
  reconcileTimeoutMs: 1_200_000,
  /** Whoever waits for it can leave; the work goes on. */
  resultTimeoutMs: 4 * 24 * 3_600_000,
  lookMs: 2_000,
};

/** Which task queues are this home's. */
export interface Queues {
  /** The one that takes new work. */
  forWork(): Promise<string>;
  all(): Promise<readonly string[]>;
}

export interface TemporalLinkOptions {
  /** Absent: no server is known, which every call then says. */
  readonly address?: string;
  readonly namespace: string;
  readonly queues: Queues;
}

interface Listed {
  readonly prefix?: string;
  readonly until?: string;
  readonly limit: number;
}

type Work<T> = (client: Client, sdk: Sdk) => Promise<T>;

export class TemporalLink {
  readonly address: string | undefined;
  readonly #queues: Queues;
  readonly #namespace: string;
  #connecting: Promise<Client> | undefined;

  constructor({ address, namespace, queues }: TemporalLinkOptions) {
    this.address = address;
    this.#queues = queues;
    this.#namespace = namespace;
  }

  /** The queue that takes new work. Asked only of a server that answers: that it does not is what a person must hear first. */
  async queue(): Promise<string> {
    return this.#call(() => this.#queues.forWork());
  }

  /** The id is new, so a duplicate can only be this very call, repeated by the transport: Temporal sees through it. */
  async start(input: RunInput): Promise<void> {
    const taskQueue = await this.queue();
    await this.#call((client) =>
      client.workflow.start(RUN_WORKFLOW_TYPE, {
        workflowId: input.runId,
        taskQueue,
        workflowIdReusePolicy: 'REJECT_DUPLICATE',
        workflowTaskTimeout: RUN_TASK_TIMEOUT,
        args: [input],
      }),
    );
  }

  /** What a run was started with, as its history begins; undefined: Temporal does not know it, or no longer. */
  async submittedInput(runId: string): Promise<unknown> {
    if ((await this.describe(runId)) === undefined) return undefined;
    const found = await this.#call(async (client) =>
      client.workflowService.getWorkflowExecutionHistory({
        namespace: this.#namespace,
        execution: { workflowId: runId },
        maximumPageSize: 1,
      }),
    );
    const [first] = found.history?.events ?? [];
    const [payload] = first?.workflowExecutionStartedEventAttributes?.input?.payloads ?? [];
    return payload && (await sdk()).defaultPayloadConverter.fromPayload(payload);
  }

  /** Undefined: Temporal does not know this run, or no longer. */
  async describe(runId: string): Promise<WorkflowExecutionDescription | undefined> {
    const found = await this.#known(runId, (handle) => handle.describe());
    if (found === undefined || (await this.#queues.all()).includes(found.taskQueue)) return found;
    throw new UserError(
      `${runId} is another store's: workers of task queue ${found.taskQueue} do it.`,
      'Set PAWL_HOME to the home of those workers.',
    );
  }

  /** The run's own answer; undefined when no worker gives one in time, which proves nothing. */
  async status(runId: string): Promise<RunStatus | undefined> {
    return this.#ask((client, { statusQuery }) => client.workflow.getHandle(runId).query(statusQuery));
  }

  async sweepStatus(sweepId: string): Promise<SweepStatus | undefined> {
    return this.#ask((client, messages) => client.workflow.getHandle(sweepId).query(messages.sweepStatusQuery));
  }

  async changeSweep(sweepId: string, change: SweepChange): Promise<void> {
    await this.#call((client, messages) =>
      client.workflow.getHandle(sweepId).signal(messages.sweepChangeSignal, change),
    );
  }

  async changeBudget(runId: string, change: BudgetChange): Promise<void> {
    await this.#call((client, { budgetSignal }) => client.workflow.getHandle(runId).signal(budgetSignal, change));
  }

  /** What becomes of the branches of a run, by the workflow that tries them. */
  async branches(runId: string): Promise<BranchesStatus | undefined> {
    return this.#ask((client, messages) =>
      client.workflow.getHandle(branchesId(runId)).query(messages.branchesStatusQuery),
    );
  }

  async #ask<T>(query: Work<T>): Promise<T | undefined> {
    try {
      return await this.#call(query, DEFAULTS.queryTimeoutMs);
    } catch (error) {
      // No worker, one that is starting, or an execution that just ended: in none of these anybody is at fault.
      const unanswered = ['ServiceError', 'WorkflowNotFoundError', 'QueryNotRegisteredError'] as const;
      if (error instanceof UnreachableError || isNamed(error, ...unanswered)) return undefined;
      throw error;
    }
  }

  /** The report of a run that is over; fails as the run did. */
  async report(runId: string): Promise<RunReport | undefined> {
    return this.#known(runId, (handle) => handle.result() as Promise<RunReport>);
  }

  /** Waits for the result, and joins a reconciliation of the same kind that somebody asked for already. */
  async reconcile(input: ReconcileInput): Promise<ReconcileReport> {
    const taskQueue = await this.queue();
    const workflowId = `${reconcileScheduleId(taskQueue)}-${input.dryRun ? 'dry-run' : 'by-hand'}`;
    const handle = await this.#call((client) =>
      client.workflow.start(RECONCILE_WORKFLOW_TYPE, {
        workflowId,
        taskQueue,
        workflowIdConflictPolicy: 'USE_EXISTING',
        args: [input],
      }),
    );
    return this.#call(() => handle.result() as Promise<ReconcileReport>, DEFAULTS.reconcileTimeoutMs);
  }

  /** Starts a workflow and waits for its result. `onProgress` is told what its activity says of itself. */
  async execute<Result>(
    workflowType: string,
    workflowId: string,
    { input, onProgress }: { input: object; onProgress?: (said: unknown) => void },
  ): Promise<Result> {
    const taskQueue = await this.queue();
    const handle = await this.#call((client) =>
      client.workflow.start(workflowType, { workflowId, taskQueue, args: [input] }),
    );
    const look = async (): Promise<void> => {
      const payload = heartbeatOf(await this.#call(() => handle.describe()));
      onProgress?.(payload && (await sdk()).defaultPayloadConverter.fromPayload(payload));
    };
    // A look that fails is followed by another one.
    const looking = onProgress && setInterval(() => void look().catch(() => undefined), DEFAULTS.lookMs);
    try {
      return await this.#call(() => handle.result() as Promise<Result>, DEFAULTS.resultTimeoutMs);
    } finally {
      clearInterval(looking);
    }
  }

  /** Hands a request to an alias; its workflow begins if nobody is there. Asked again, it is the same request. */
  async askAlias(alias: string, request: AliasRequest): Promise<void> {
    const taskQueue = await this.queue();
    await this.#call((client, { aliasRequestSignal }) =>
      client.workflow.signalWithStart(PROMOTIONS_WORKFLOW_TYPE, {
        workflowId: aliasWorkflowId(alias, taskQueue),
        taskQueue,
        workflowTaskTimeout: RUN_TASK_TIMEOUT,
        args: [alias],
        signal: aliasRequestSignal,
        signalArgs: [request],
      }),
    );
  }

  /** Starts what may take days. Fails where one of this id is under way. */
  async begin(workflowType: string, workflowId: string, input: object): Promise<void> {
    const taskQueue = await this.queue();
    await this.#call((client) =>
      client.workflow.start(workflowType, {
        workflowId,
        taskQueue,
        workflowIdConflictPolicy: 'FAIL',
        args: [input],
      }),
    );
  }

  /** False: nobody waits at this alias. */
  async decidePromotion(alias: string, decision: PromotionDecision): Promise<boolean> {
    const told = await this.#known(
      aliasWorkflowId(alias, await this.queue()),
      async (handle, { promotionDecisionSignal }) => {
        await handle.signal(promotionDecisionSignal, decision);
        return true;
      },
    );
    return told === true;
  }

  /** Waits for a result, however long it takes, as long as the server answers. */
  async outcome<Result>(workflowId: string): Promise<Result> {
    for (;;) {
      try {
        return await this.#call((client) => client.workflow.getHandle(workflowId).result() as Promise<Result>, POLL_MS);
      } catch (error) {
        if (!(error instanceof UnreachableError)) throw error;
        // Not in this time; or the server is away, which this tells.
        await this.describe(workflowId);
      }
    }
  }

  /** What a bisection found so far; undefined while nobody answers. */
  async probes(workflowId: string): Promise<readonly Probe[] | undefined> {
    return this.#ask((client, { probesQuery }) => client.workflow.getHandle(workflowId).query(probesQuery));
  }

  async stop(runId: string, reason: string): Promise<void> {
    await this.#call((client, { stopSignal }) => client.workflow.getHandle(runId).signal(stopSignal, { reason }));
  }

  async pause(runId: string): Promise<void> {
    await this.#call((client, { pauseSignal }) => client.workflow.getHandle(runId).signal(pauseSignal));
  }

  async resume(runId: string): Promise<void> {
    await this.#call((client, { resumeSignal }) => client.workflow.getHandle(runId).signal(resumeSignal));
  }

  /** What the run says to it; what it refuses is the fault of whoever asks. */
  async set(runId: string, request: SetRequest): Promise<SetAnswer> {
    try {
      return await this.#call(
        (client, { setUpdate }) => client.workflow.getHandle(runId).executeUpdate(setUpdate, { args: [request] }),
        DEFAULTS.updateTimeoutMs,
      );
    } catch (error) {
      if (isNamed(error, 'WorkflowUpdateFailedError')) throw new UserError(failureMessage(error), '', { cause: error });
      if (!(isNamed(error, 'WorkflowUpdateRPCTimeoutOrCancelledError') || error instanceof UnreachableError))
        throw error;
      throw new UserError(
        `${runId} did not answer in time, and may still hear it.`,
        `See \`pawl show ${runId}\`; what is set already is not set twice.`,
        { cause: error },
      );
    }
  }

  async cancel(runId: string): Promise<void> {
    await this.#call((client) => client.workflow.getHandle(runId).cancel());
  }

  /** Newest first; those started up to an ISO time, if asked. `prefix` must be made of the letters of run ids. */
  async list({ prefix, until, limit }: Listed): Promise<WorkflowExecutionInfo[]> {
    const byPrefix = prefix === undefined ? '' : ` AND WorkflowId STARTS_WITH "${prefix}"`;
    const byTime = until === undefined ? '' : ` AND StartTime <= "${new Date(until).toISOString()}"`;
    return this.#call(async (client) => {
      const queues = await this.#queues.all();
      if (queues.length === 0) return [];
      const ours = queues.map((queue) => `TaskQueue = "${queue}"`).join(' OR ');
      // Of a run that went on as a new execution only the newest one says how it stands.
      const query = `WorkflowType = "${RUN_WORKFLOW_TYPE}" AND ExecutionStatus != "ContinuedAsNew" AND (${ours})${byPrefix}${byTime}`;
      const found = new Map<string, WorkflowExecutionInfo>();
      for await (const info of client.workflow.list({ query })) {
        if (!found.has(info.workflowId)) found.set(info.workflowId, info);
        if (found.size >= limit) break;
      }
      return [...found.values()];
    });
  }

  /** Whether any worker has lately asked a task queue for work; absent: the one that takes new work. */
  async hasWorker(queue?: string): Promise<boolean> {
    const name = queue ?? (await this.queue());
    const { pollers } = await this.#call((client) =>
      client.workflowService.describeTaskQueue({
        namespace: this.#namespace,
        taskQueue: { name },
        taskQueueType: WORKFLOW_TASK_QUEUE,
      }),
    );
    return (pollers ?? []).some(({ lastAccessTime }) => {
      const seenMs = Number(lastAccessTime?.seconds ?? 0) * 1_000;
      return Date.now() - seenMs < POLLER_FRESH_MS;
    });
  }

  async close(): Promise<void> {
    const client = await this.#connecting?.catch(() => undefined);
    await client?.connection.close();
  }

  async #known<T>(runId: string, work: (handle: WorkflowHandle, messages: Sdk) => Promise<T>): Promise<T | undefined> {
    try {
      return await this.#call((client, messages) => work(client.workflow.getHandle(runId), messages));
    } catch (error) {
      if (isNamed(error, 'WorkflowNotFoundError')) return undefined;
      throw error;
    }
  }

  async #call<T>(work: Work<T>, timeoutMs = DEFAULTS.callTimeoutMs): Promise<T> {
    const [client, loaded] = [await this.#client(), await sdk()];
    try {
      return await client.withDeadline(Date.now() + timeoutMs, () => work(client, loaded));
    } catch (error) {
      throw isSilence(error, loaded) ? this.#unreachable(error) : error;
    }
  }

  #client(): Promise<Client> {
    this.#connecting ??= this.#connect().catch((error: unknown) => {
      this.#connecting = undefined;
      throw this.#unreachable(error);
    });
    return this.#connecting;
  }

  async #connect(): Promise<Client> {
    const { address } = this;
    if (address === undefined) throw new Error('no server is known');
    const { Client, Connection } = await sdk();
    const connection = Connection.lazy({ address, connectTimeout: DEFAULTS.connectTimeoutMs });
    try {
      await connection.ensureConnected();
    } catch (error) {
      await connection.close();
      throw error;
    }
    return new Client({ connection, namespace: this.#namespace });
  }

  #unreachable(cause: unknown): UnreachableError {
    if (this.address === undefined) {
      return new UnreachableError(
        'No stack runs on this home, and no Temporal server is named.',
        'Start one with `pawl up`, or set TEMPORAL_ADDRESS to the server of the workers that are to do it.',
        { cause },
      );
    }
    return new UnreachableError(
      `Temporal does not answer at ${this.address}.`,
      'Start it with `pawl up`, or set TEMPORAL_ADDRESS to a server that runs.',
      { cause },
    );
  }
}
