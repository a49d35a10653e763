/** Runs on a real Temporal server, whose activities are answered by a `Platform` of each run. */
import { Client, Connection, type WorkflowHandleWithFirstExecutionRunId } from '@temporalio/client';
import { TestWorkflowEnvironment } from '@temporalio/testing';
import { DefaultLogger, NativeConnection, Runtime, Worker } from '@temporalio/worker';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { packageRoot } from '../../client/local/paths.ts';
import { RunSpec } from '../../domain/spec/spec.ts';
import type { RunReport, RunStatus, RunWorkflow } from '../../domain/words/run.ts';
import { statusQuery } from '../../workflows/run/messages.ts';
import { OPTIONS } from '../../workflows/activities.ts';
import { testConfig } from '../local/support.ts';
import { temporalIn } from '../local/temporal.ts';
import { Platform, type Asked } from './platform-that-answers.ts';
import { skippingServer } from './skipping-server.ts';

/** An experiment as one would write it; what is not given is small. */
export function experiment(changes: Record<string, unknown> = {}): RunSpec {
  return RunSpec.parse({
    name: 'run',
    model: { shape: 'accounts/acc/trainingShapes/s', tokenizer: 'tokenizer.json' },
    data: { train: 'train.jsonl' },
    train: { steps: 20, batchSize: 4, optimizer: { learningRate: 0.01 }, windowSteps: 5 },
    checkpoint: { every: 10 },
    evaluate: { prompts: 'heldout.jsonl', maxTokens: 4 },
    ...changes,
  });
}

export interface Started {
  readonly handle: WorkflowHandleWithFirstExecutionRunId<RunWorkflow>;
  readonly platform: Platform;
  readonly status: () => Promise<RunStatus>;
  /** Until the run says so. */
  readonly until: (holds: (status: RunStatus) => boolean) => Promise<RunStatus>;
  readonly report: () => Promise<RunReport>;
}

/** A Temporal server, and how to reach it. */
export interface Served {
  readonly client: Client;
  readonly connection: NativeConnection;
  /** What the clock of the server says. */
  readonly nowMs: () => Promise<number>;
  readonly stop: () => Promise<void>;
}

export class Answering {
  readonly #served: Served;
  #worker: Worker;
  #running: Promise<void>;
  readonly #slots: number;
  readonly #platforms: Map<string, Platform>;

  private constructor(served: Served, worker: Worker, slots: number, platforms: Map<string, Platform>) {
    this.#served = served;
    this.#slots = slots;
    this.#platforms = platforms;
    this.#worker = worker;
    this.#running = worker.run();
  }

  /** Whose clock is `skipping` is Temporal's test server; else it is the one that pawl starts for its users. */
  static async open(folder: string, { slots = 100, skipping = false } = {}): Promise<Answering> {
    Runtime.install({ logger: new DefaultLogger('ERROR', () => undefined), shutdownSignals: [] });
    const served = await (skipping ? serveSkipping(folder) : serve(folder));
    const platforms = new Map<string, Platform>();
    const worker = await workerOf(served, { code: bundled(), slots, platforms });
    return new Answering(served, worker, slots, platforms);
  }

  /** As a deployment of other code would: the worker ends, and one with the changed workflows takes its runs over. */
  async changeWorkflows(change: (code: string) => string): Promise<void> {
    this.#worker.shutdown();
    await this.#running;
    const worker = { code: change(bundled()), slots: this.#slots, platforms: this.#platforms };
    this.#worker = await workerOf(this.#served, worker);
    this.#running = this.#worker.run();
  }

  get client(): Client {
    return this.#served.client;
  }

  async nowMs(): Promise<number> {
    return this.#served.nowMs();
  }

  /** `prepare` says what is answered before the run begins. */
  async start(spec: RunSpec, prepare: (platform: Platform) => void = () => undefined): Promise<Started> {
    const hex = Math.floor(Math.random() * 0xffffffff)
      .toString(16)
      .padStart(8, '0');
    const runId = `${spec.name}-${hex}`;
    const platform = new Platform();
    prepare(platform);
    this.#platforms.set(runId, platform);
    const handle = await this.client.workflow.start<RunWorkflow>('run', {
      workflowId: runId,
      taskQueue: 'answers',
      args: [{ runId, runHex: hex, spec }],
    });
    const status = async (): Promise<RunStatus> => handle.query(statusQuery);
    return {
      handle,
      platform,
      status,
      until: async (holds) => {
        for (;;) {
          const now = await status();
          if (holds(now)) return now;
          await sleep(50);
        }
      },
      report: async () => handle.result(),
    };
  }

  async close(): Promise<void> {
    this.#worker.shutdown();
    await this.#running;
    await this.#served.stop();
  }
}

function bundled(): string {
  return readFileSync(join(packageRoot(), 'lib', 'workflow-bundle.js'), 'utf8');
}

interface Working {
  readonly code: string;
  readonly slots: number;
  readonly platforms: ReadonlyMap<string, Platform>;
}

async function workerOf({ connection }: Served, { code, slots, platforms }: Working): Promise<Worker> {
  return Worker.create({
    connection,
    taskQueue: 'answers',
    workflowBundle: { code },
    activities: activitiesOf(platforms),
    maxConcurrentActivityTaskExecutions: slots,
    shutdownGraceTime: '1s',
    shutdownForceTime: '5s',
  });
}

async function serve(folder: string): Promise<Served> {
  const server = await temporalIn(folder);
  const connection = await NativeConnection.connect({ address: server.address });
  const clientConnection = await Connection.connect({ address: server.address });
  return {
    client: new Client({ connection: clientConnection }),
    connection,
    nowMs: () => Promise.resolve(Date.now()),
    stop: async () => {
      await clientConnection.close();
      await connection.close();
      await server.stop();
    },
  };
}

/** Whose clock goes on to the next timer whenever nothing else is to be waited for. */
export async function serveSkipping(folder: string): Promise<Served> {
  const config = testConfig(folder);
  const path = await skippingServer(config.cache, config.inherited);
  const environment = await TestWorkflowEnvironment.createTimeSkipping({
    server: { executable: { type: 'existing-path', path } },
  });
  return {
    client: environment.client,
    connection: environment.nativeConnection,
    nowMs: () => environment.currentTimeMs(),
    stop: () => environment.teardown(),
  };
}

/** Of whichever run an activity speaks, by what its input names. */
function activitiesOf(platforms: ReadonlyMap<string, Platform>): object {
  return Object.fromEntries(
    ([...Object.keys(OPTIONS), 'reserveRent'] as (keyof Asked)[]).map((name) => [
      name,
      (input: never): Promise<unknown> => platformOf(platforms, input).answer(name, input),
    ]),
  );
}

function platformOf(platforms: ReadonlyMap<string, Platform>, input: unknown): Platform {
  const text = JSON.stringify(input ?? '');
  for (const [runId, platform] of platforms) if (text.includes(runId)) return platform;
  // What names no run is asked by whichever was started last.
  const last = [...platforms.values()].at(-1);
  if (last === undefined) throw new Error('no run was started');
  return last;
}
