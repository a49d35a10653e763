/** A stack to be disturbed: Temporal, the sandbox, and workers that reach it over wires which the harness holds. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { z } from 'zod';
import { readConfig, Runs, storeFile, type ClientConfig } from '../client/index.ts';
import { freePort, onFreePorts } from '../client/local/ports.ts';
import { markOf, stillRuns } from '../client/local/process-mark.ts';
import { keepProcess, type BackOff, type KeptProcess } from '../client/local/process.ts';
import { sandboxProcess, workerProcess } from '../client/local/programs.ts';
import { SANDBOX_KEY } from '../client/local/sandbox-key.ts';
import { resolveTemporalBinary } from '../client/local/temporal-binary.ts';
import { startTemporal, type TemporalServer } from '../client/local/temporal-server.ts';
import { Wire, type Exchange, type Fate } from './wire.ts';

/** Whatever dies comes back at once: the harness decides how long things are away. */
const AT_ONCE: BackOff = { firstMs: 50, maxMs: 500, steadyMs: 1_000 };

const ModelLedger = z.object({
  optimizerSteps: z.number(),
  forwardCalls: z.number(),
  forwardBackwardCalls: z.number(),
});
const Ledger = z.object({
  trainers: z.array(z.object({ job: z.string(), models: z.array(ModelLedger) })),
  rented: z.object({ trainerJobs: z.array(z.unknown()), deployments: z.array(z.unknown()) }),
  made: z.object({ trainerJobs: z.array(z.string()), deployments: z.array(z.string()) }),
  processes: z.object({
    trainers: z.record(z.string(), z.number()),
    replicas: z.record(z.string(), z.array(z.number())),
  }),
});
/** What the sandbox says of itself: the oracle. */
export type Ledger = z.output<typeof Ledger>;

export interface StackOptions {
  readonly workers: number;
  /** Further flags of the sandbox. */
  readonly sandboxFlags?: readonly string[];
  /** Workers reach the sandbox without a wire: nothing can be disturbed, and nothing costs time. */
  readonly direct?: boolean;
  /** Further environment of the workers. */
  readonly workerEnv?: Readonly<Record<string, string>>;
  /** Where store, artifacts and databases go; absent: a folder of the stack's own, removed with it. */
  readonly home?: string;
  readonly log?: (message: string) => void;
}

interface Parts {
  readonly options: StackOptions;
  readonly config: ClientConfig;
  readonly temporal: TemporalServer;
  readonly sandbox: KeptProcess<{ url: string }>;
}

const HARMLESS: Fate = {};

export class DisturbedStack {
  readonly runs: Runs;
  /** Asked what becomes of each request of every worker. */
  fate: (exchange: Exchange) => Fate = () => HARMLESS;
  readonly #parts: Parts;
  readonly #wires = new Map<string, Wire>();
  readonly #workers = new Map<string, KeptProcess<unknown>>();
  /** Each process id, and which process it stood for then: numbers come back within minutes where many are started. */
  readonly #seen = new Map<number, string | undefined>();

  private constructor(parts: Parts) {
    this.#parts = parts;
    this.runs = new Runs({
      temporalAddress: parts.temporal.address,
      temporalNamespace: parts.config.temporalNamespace,
      taskQueue: parts.config.taskQueue,
      storePath: storeFile(parts.config.home),
    });
  }

  static async start(options: StackOptions): Promise<DisturbedStack> {
    const home = options.home ?? (await mkdtemp(join(tmpdir(), 'pawl-chaos-')));
    const config = { ...readConfig(), home };
    const say = options.log ?? ((): void => undefined);
    const binary = await resolveTemporalBinary({ cache: config.cache, env: config.inherited, onProgress: say });
    const temporal = await startTemporal({
      binary: binary.path,
      dbFile: join(home, 'temporal', 'temporal.db'),
      logFile: join(home, 'logs', 'temporal.log'),
      namespace: config.temporalNamespace,
      env: config.inherited,
      port: 'any',
      uiPort: 'any',
      backOff: AT_ONCE,
    });
    const startSandbox = async (port: number): Promise<KeptProcess<{ url: string }>> => {
      const program = sandboxProcess({
        port,
        stateFolder: join(home, 'sandbox'),
        logFile: join(home, 'logs', 'sandbox.log'),
        env: config.inherited,
      });
      return keepProcess({ ...program, args: [...program.args, ...(options.sandboxFlags ?? [])] }, undefined, AT_ONCE);
    };
    const sandbox = await onFreePorts(freePort, startSandbox).catch(async (error: unknown) => {
      await temporal.stop();
      throw error;
    });
    const stack = new DisturbedStack({ options, config, temporal, sandbox });
    try {
      await Promise.all(stack.workerNames().map((name) => stack.startWorker(name)));
    } catch (error) {
      await stack.stop();
      throw error;
    }
    return stack;
  }

  get home(): string {
    return this.#parts.config.home;
  }

  get sandboxUrl(): string {
    return this.#parts.sandbox.value().url;
  }

  get temporalAddress(): string {
    return this.#parts.temporal.address;
  }

  get sandboxPid(): number {
    const pid = this.#parts.sandbox.pid();
    if (pid === undefined) throw new Error('the sandbox does not run');
    return pid;
  }

  /** Folder of the sandbox's state: buckets, jobs, ledger. */
  get sandboxState(): string {
    return join(this.home, 'sandbox');
  }

  get wires(): readonly Wire[] {
    return [...this.#wires.values()];
  }

  workerNames(): readonly string[] {
    return Array.from({ length: this.#parts.options.workers }, (_, index) => `worker-${index + 1}`);
  }

  /** Absent while the part is away. */
  pid(part: string): number | undefined {
    const pid = part === 'temporal' ? this.#parts.temporal.pid() : this.#workers.get(part)?.pid();
    if (pid !== undefined) this.#see(pid);
    return pid;
  }

  /** From here on it is kept running, until it is stopped by name or with the stack. */
  async startWorker(name: string): Promise<void> {
    const { config, options, temporal } = this.#parts;
    const platform = options.direct === true ? this.sandboxUrl : (await this.#wireOf(name)).url;
    const program = workerProcess({
      name,
      logFile: join(config.home, 'logs', `${name}.log`),
      env: {
        ...config.inherited,
        FIREWORKS_API_KEY: SANDBOX_KEY,
        TEMPORAL_ADDRESS: temporal.address,
        TEMPORAL_NAMESPACE: config.temporalNamespace,
        PAWL_TASK_QUEUE: config.taskQueue,
        PAWL_HOME: config.home,
        ...options.workerEnv,
        FIREWORKS_BASE_URL: platform,
      },
    });
    this.#workers.set(name, await keepProcess(program, undefined, AT_ONCE));
  }

  async stopWorker(name: string): Promise<void> {
    const worker = this.#workers.get(name);
    this.#workers.delete(name);
    await worker?.stop();
  }

  async ledger(): Promise<Ledger> {
    const response = await fetch(`${this.sandboxUrl}/sandbox/v1/ledger`, { headers: { 'X-Api-Key': SANDBOX_KEY } });
    const ledger = Ledger.parse(await response.json());
    const { trainers, replicas } = ledger.processes;
    for (const pid of [...Object.values(trainers), ...Object.values(replicas).flat()]) this.#see(pid);
    return ledger;
  }

  /** Process ids that outlived the stack; empty is as it should be. */
  async stop(): Promise<readonly number[]> {
    for (const name of this.workerNames()) this.pid(name);
    this.pid('temporal');
    await this.runs.close();
    await Promise.all([...this.#workers.keys()].map((name) => this.stopWorker(name)));
    await this.#parts.sandbox.stop();
    await this.#parts.temporal.stop();
    await Promise.all(this.wires.map((wire) => wire.close()));
    if (this.#parts.options.home === undefined) await rm(this.home, { recursive: true, force: true, maxRetries: 5 });
    return [...this.#seen].filter(([pid, mark]) => pid > 0 && stillRuns(pid, mark)).map(([pid]) => pid);
  }

  #see(pid: number): void {
    const mark = markOf(pid);
    // One that has ended since has no mark, and is not there to be left.
    if (mark !== undefined || process.platform !== 'linux') this.#seen.set(pid, mark);
  }

  async #wireOf(worker: string): Promise<Wire> {
    const known = this.#wires.get(worker);
    if (known !== undefined) return known;
    const fate = (exchange: Exchange): Fate => this.fate(exchange);
    const wire = await Wire.open({ worker, sandboxUrl: this.sandboxUrl, fate });
    this.#wires.set(worker, wire);
    return wire;
  }
}
