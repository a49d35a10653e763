/** The compiled `pawl`, driven as a person would: a stack in a folder of its own, commands, and the sandbox's ledger. */
import { spawn, type ChildProcess } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { chmodSync, mkdtempSync, openSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { openStore } from '../../store/index.ts';
import { readConfig } from '../../client/config.ts';
import { UnreachableError } from '../../client/errors.ts';
import { loadExperiment } from '../../files/experiment/experiment-file.ts';
import { locate } from '../../client/local/locate.ts';
import { packageRoot } from '../../client/local/paths.ts';
import { readStack, type StackInfo } from '../../client/local/stack.ts';
import { resolveTemporalBinary } from '../../client/local/temporal-binary.ts';
import type { RunDetails, RunResult } from '../../client/runs/run-view.ts';
import { storeFile } from '../../client/runs/run-store.ts';
import { Runs, type RunsOptions } from '../../client/runs/runs.ts';

export interface Finished {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** What the sandbox counted: the oracle of every claim about steps and leases. */
export interface Ledger {
  readonly trainers: readonly {
    readonly job: string;
    readonly models: readonly {
      readonly optimizerSteps: number;
      readonly forwardCalls: number;
      readonly forwardBackwardCalls: number;
    }[];
  }[];
  readonly processes: { readonly trainers: Readonly<Record<string, number>> };
  readonly rented: { readonly trainerJobs: readonly string[]; readonly deployments: readonly unknown[] };
}

export interface Worker {
  stop(): Promise<void>;
}

export class Pawl {
  readonly home = mkdtempSync(join(tmpdir(), 'pawl-e2e-'));
  readonly #children = new Set<ChildProcess>();
  #up: ChildProcess | undefined;

  /** Runs a command to its end. */
  async run(args: readonly string[], environment: Record<string, string> = {}): Promise<Finished> {
    const child = this.#spawn(args, environment);
    let stdout = '';
    let stderr = '';
    child.stdout?.on('data', (data: Buffer) => (stdout += data.toString()));
    child.stderr?.on('data', (data: Buffer) => (stderr += data.toString()));
    const code = await ended(child);
    return { code, stdout, stderr };
  }

  /** `suggestedEvents`: how long a history may be before its workflow should be continued as new; absent: 4096. */
  async up({ suggestedEvents }: { suggestedEvents?: number } = {}): Promise<StackInfo> {
    const short = suggestedEvents === undefined ? [] : ['--temporal-bin', await this.#shortHistories(suggestedEvents)];
    const child = this.#spawn(['up', ...ownPorts(), ...short], {});
    this.#up = child;
    let said = '';
    child.stdout?.on('data', (data: Buffer) => (said += data.toString()));
    child.stderr?.on('data', (data: Buffer) => (said += data.toString()));
    for (;;) {
      const stack = await readStack(this.home);
      if (stack?.state === 'running') return stack;
      if (child.exitCode !== null) throw new Error(`pawl up ended: ${said}`);
      await sleep(50);
    }
  }

  /** A program that is the Temporal server with one setting more. */
  async #shortHistories(events: number): Promise<string> {
    const { cache, inherited } = readConfig();
    const { path } = await resolveTemporalBinary({ cache, env: inherited });
    const program = join(this.home, 'temporal-of-short-histories');
    const setting = `--dynamic-config-value limit.historyCount.suggestContinueAsNew=${events}`;
    writeFileSync(program, `#!/bin/sh\n[ "$1" = server ] && exec '${path}' "$@" ${setting}\nexec '${path}' "$@"\n`);
    chmodSync(program, 0o755);
    return program;
  }

  /** One more worker of this home, on a task queue of its own, and so with a configuration of its own. */
  async worker(taskQueue: string, environment: Record<string, string> = {}, root = packageRoot()): Promise<Worker> {
    const { temporalAddress = '', sandboxUrl = '' } = await this.stack();
    const child = spawn(process.execPath, [join(root, 'lib/worker/main.js')], {
      env: {
        ...process.env,
        FIREWORKS_API_KEY: 'sandbox',
        FIREWORKS_BASE_URL: sandboxUrl,
        TEMPORAL_ADDRESS: temporalAddress,
        PAWL_HOME: this.home,
        PAWL_TASK_QUEUE: taskQueue,
        ...environment,
      },
      stdio: ['ignore', 'pipe', openSync(join(this.home, `${taskQueue}.log`), 'a')],
    });
    this.#children.add(child);
    child.once('close', () => this.#children.delete(child));
    await new Promise<void>((resolve, reject) => {
      child.stdout?.once('data', () => resolve());
      child.once('exit', (code) => reject(new Error(`the worker ended with ${code}`)));
    });
    return {
      async stop() {
        const over = ended(child);
        child.kill('SIGTERM');
        await over;
      },
    };
  }

  async stack(): Promise<StackInfo> {
    const stack = await readStack(this.home);
    if (stack === undefined) throw new Error('no stack is running');
    return stack;
  }

  /** One Ctrl-C; the exit code. */
  async down(): Promise<number | null> {
    if (this.#up === undefined) return null;
    const exited = ended(this.#up);
    this.#up.kill('SIGINT');
    return exited;
  }

  async cleanUp(): Promise<void> {
    const others = [...this.#children].filter((child) => child !== this.#up);
    for (const child of others) child.kill('SIGKILL');
    if (this.#up?.exitCode === null) await this.down();
    for (const child of this.#children) child.kill('SIGKILL');
    rmSync(this.home, { recursive: true, force: true, maxRetries: 5 });
  }

  /** Follows a run from submission to its end, as a person would. Most tests want only what became of it: `finish`. */
  async follow(args: readonly string[]): Promise<Finished & { result: RunResult }> {
    const finished = await this.run(['run', ...args, '--output', 'json']);
    const last = finished.stdout.trim().split('\n').at(-1) ?? '';
    // Why there is none stands elsewhere.
    if (last === '') throw new Error(`pawl run printed no result, and ended with ${finished.code}: ${finished.stderr}`);
    return { ...finished, result: JSON.parse(last) as RunResult };
  }

  /**
   * Submits an experiment. It and what follows are the library in this process: what commands do with it is tried where they
   * are what is tested, and each of them costs a second of computing, a tenth of what the run itself does.
   */
  async start(file: string, { taskQueue }: { taskQueue?: string } = {}): Promise<string> {
    const spec = await loadExperiment(file);
    // Under an id of its own: asked for again it is the same run.
    const id = `${spec.name}-${randomBytes(4).toString('hex')}`;
    const submit = async (runs: Runs): Promise<string> => (await runs.start(spec, { id })).runId;
    return patiently(async () => this.withRuns(submit, { ...(taskQueue !== undefined && { taskQueue }) }));
  }

  /** Submits an experiment, and waits for its end. */
  async finish(file: string): Promise<RunResult> {
    const runId = await this.start(file);
    return this.withRuns((runs) => runs.result(runId));
  }

  async show(runId: string): Promise<RunDetails> {
    return this.ask((runs) => look(runs, runId));
  }

  /** Resolves with the first view of the run that the condition holds for. */
  async until(runId: string, condition: (run: RunDetails) => boolean): Promise<RunDetails> {
    return this.withRuns(async (runs) => {
      for (;;) {
        const run = await patiently(async () => look(runs, runId));
        if (condition(run)) return run;
        await sleep(100);
      }
    });
  }

  /** The library, for what may be asked again where nobody answers in time. */
  async ask<T>(work: (runs: Runs) => Promise<T>): Promise<T> {
    return patiently(async () => this.withRuns(work));
  }

  /** The library, on this home and its stack if one is up. */
  async withRuns<T>(work: (runs: Runs) => Promise<T>, options: Partial<RunsOptions> = {}): Promise<T> {
    const config = readConfig({ ...process.env, TEMPORAL_ADDRESS: '', PAWL_HOME: this.home });
    const { temporalAddress, temporalNamespace, taskQueue } = await locate(config);
    const runs = new Runs({
      ...(temporalAddress !== undefined && { temporalAddress }),
      temporalNamespace,
      taskQueue,
      storePath: storeFile(this.home),
      ...options,
    });
    try {
      return await work(runs);
    } finally {
      await runs.close();
    }
  }

  /** Resolves as soon as so many steps are recorded: looks into the store itself, which is quicker than a command. */
  async untilStep(runId: string, step: number): Promise<void> {
    const store = await openStore({ path: join(this.home, 'pawl.db'), readonly: true });
    try {
      while ((await store.steps(runId, { afterStep: step - 1 })).length === 0) await sleep(20);
    } finally {
      await store.close();
    }
  }

  async ledger(): Promise<Ledger> {
    const { sandboxUrl } = await this.stack();
    const response = await fetch(`${sandboxUrl}/sandbox/v1/ledger`, { headers: { 'X-Api-Key': 'sandbox' } });
    return (await response.json()) as Ledger;
  }

  /** The run's trainer goes no further, so that a run that is to be there for long costs nothing meanwhile. */
  async holdTrainer(runId: string): Promise<void> {
    const pid = (await this.ledger()).processes.trainers[`${runId}-trainer`];
    if (pid === undefined) throw new Error(`${runId} has no trainer`);
    process.kill(pid, 'SIGSTOP');
  }

  /** SIGKILL to the worker of the moment; resolves when another one runs. */
  async killWorker(): Promise<void> {
    const before = (await this.stack()).processes['worker'];
    if (before === undefined) throw new Error('no worker is running');
    process.kill(before, 'SIGKILL');
    for (;;) {
      const now = (await this.stack()).processes['worker'];
      if (now !== undefined && now !== before) return;
      await sleep(20);
    }
  }

  #spawn(args: readonly string[], environment: Record<string, string>): ChildProcess {
    const child = spawn(process.execPath, [join(packageRoot(), 'lib/client/cli/main.js'), ...args], {
      env: {
        ...process.env,
        TEMPORAL_ADDRESS: '',
        FIREWORKS_API_KEY: '',
        PAWL_HOME: this.home,
        NO_COLOR: '1',
        ...environment,
      },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    this.#children.add(child);
    child.once('close', () => this.#children.delete(child));
    return child;
  }
}

/**
 * Test files run at the same time: each has a range of its own, below those that are taken where any will do, so that two
 * stacks never reach for the same port.
 */
function ownPorts(): string[] {
  const range = 2_000 + Number(process.env['JEST_WORKER_ID'] ?? 0) * 900;
  const first = range + Math.floor(Math.random() * 299) * 3;
  const ports = { '--temporal-port': first, '--temporal-ui-port': first + 1, '--sandbox-port': first + 2 };
  return Object.entries(ports).flatMap(([flag, port]) => [flag, String(port)]);
}

/** Again and again on a machine that is too busy for Temporal to answer in time; a server that was killed comes back, too. */
async function patiently<T>(work: () => Promise<T>): Promise<T> {
  for (;;) {
    try {
      return await work();
    } catch (error) {
      if (!(error instanceof UnreachableError)) throw error;
      await sleep(200);
    }
  }
}

/** As `pawl show --output json` prints it. */
async function look(runs: Runs, runId: string): Promise<RunDetails> {
  return JSON.parse(JSON.stringify(await runs.show(runId, { checkpoints: 100 }))) as RunDetails;
}

function ended(child: ChildProcess): Promise<number | null> {
  return new Promise((resolve) => {
    child.once('close', (code) => resolve(code));
  });
}
