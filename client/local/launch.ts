/** One life of a supervised process: started, ready or failed, ended. `process.ts` strings lives together. */
import { fork, type ChildProcess } from 'node:child_process';
import { createInterface } from 'node:readline';
import { messageOf, UserError } from '../errors.ts';
import { builtProgram } from './paths.ts';
import { openProcessLog, type ProcessLog } from './process-log.ts';
import type { SupervisorMessage } from './supervisor.ts';

const SUPERVISOR_SLACK_MS = 5_000;

/** How a process shows that it does its work; `T` is what it then says of itself. */
type Readiness<T> =
  /** By its first line on standard output. */
  | { readonly by: 'line'; readonly parse: (line: string) => T }
  /** By answering: the probe resolves as soon as it does, and gives up when the signal aborts. */
  | { readonly by: 'probe'; readonly probe: (signal: AbortSignal) => Promise<T> };

export interface ProcessOptions<T> {
  /** What people call it: `Temporal`, `sandbox`, `worker`. */
  readonly name: string;
  readonly command: string;
  readonly args: readonly string[];
  readonly env: Readonly<Record<string, string>>;
  readonly logFile: string;
  readonly ready: Readiness<T>;
  readonly readyTimeoutMs: number;
  /** Time between SIGTERM and SIGKILL. */
  readonly stopTimeoutMs: number;
}

export interface Life<T> {
  /** Process id of the command itself, not of its supervisor. */
  readonly pid: number;
  readonly value: T;
  /** Resolves, with the reason in words, once the process has ended, however it did. */
  readonly ended: Promise<string>;
  /** SIGTERM, then SIGKILL; resolves once it has ended. */
  stop(): Promise<void>;
}

/** Starts the process and waits until it is ready. A process that fails to get there is stopped before this rejects. */
export async function launch<T>(options: ProcessOptions<T>, signal: AbortSignal): Promise<Life<T>> {
  signal.throwIfAborted();
  const log = openProcessLog(options.logFile);
  log.remark(`pawl starts ${options.name}`);
  const supervisor = fork(
    builtProgram('client/local/supervisor'),
    [String(options.stopTimeoutMs), options.command, ...options.args],
    {
      env: options.env,
      // Its own session: Ctrl-C at the terminal reaches pawl alone, which then stops everything in the right order.
      detached: true,
      stdio: ['ignore', options.ready.by === 'line' ? 'pipe' : log.fd, log.fd, 'ipc'],
      execArgv: [],
    },
  );
  const started = firstMessage(supervisor);
  const ended = endOf(supervisor, started, log);
  const stop = async (): Promise<void> => {
    if (supervisor.connected) supervisor.disconnect();
    // The supervisor keeps the grace period; it is only killed if it does not.
    const overdue = setTimeout(() => supervisor.kill('SIGKILL'), options.stopTimeoutMs + SUPERVISOR_SLACK_MS);
    await ended;
    clearTimeout(overdue);
  };
  try {
    const pid = await started;
    const value = await readyOrEnded(options, supervisor, log, ended, signal);
    return { pid, value, ended, stop };
  } catch (error) {
    await stop();
    if (signal.aborted) throw signal.reason;
    const said = log.tail(3);
    throw new UserError(
      `${options.name} did not start: ${messageOf(error)}${said === '' ? '' : ` (${said})`}.`,
      `See ${options.logFile}`,
      { cause: error },
    );
  }
}

/** The command's process id, or why it could not be run. */
function firstMessage(supervisor: ChildProcess): Promise<number> {
  return new Promise((resolve, reject) => {
    supervisor.once('message', (message: SupervisorMessage) => {
      if ('pid' in message) resolve(message.pid);
      else reject(new Error(message.failed));
    });
    supervisor.once('error', reject);
    supervisor.once('exit', () => reject(new Error('it ended at once')));
  });
}

function endOf(supervisor: ChildProcess, started: Promise<number>, log: ProcessLog): Promise<string> {
  return new Promise((resolve) => {
    const finish = (reason: string): void => {
      log.remark(reason);
      log.close();
      resolve(reason);
    };
    supervisor.once('error', (error) => finish(`could not be run: ${error.message}`));
    supervisor.once('exit', (code, killedBy) => {
      if (killedBy === null) return finish(`ended with code ${code}`);
      // The supervisor itself was killed and could not take its child along.
      started.then(killNow).catch(() => undefined);
      return finish(`its supervisor was ended by ${killedBy}`);
    });
  });
}

function killNow(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
  }
}

async function readyOrEnded<T>(
  options: ProcessOptions<T>,
  supervisor: ChildProcess,
  log: ProcessLog,
  ended: Promise<string>,
  signal: AbortSignal,
): Promise<T> {
  const giveUp = new AbortController();
  let timer: NodeJS.Timeout | undefined;
  const aborted = new Promise<never>((_resolve, reject) => {
    const fail = (reason: string) => (): void => reject(new Error(reason));
    signal.addEventListener('abort', fail('pawl was stopped'), { signal: giveUp.signal, once: true });
    timer = setTimeout(fail(`not ready within ${options.readyTimeoutMs / 1000} s`), options.readyTimeoutMs);
  });
  const over = ended.then((reason) => {
    throw new Error(reason);
  });
  try {
    return await Promise.race([isReady(options.ready, supervisor, log, giveUp.signal), over, aborted]);
  } finally {
    clearTimeout(timer);
    giveUp.abort();
    over.catch(() => undefined);
  }
}

function isReady<T>(ready: Readiness<T>, supervisor: ChildProcess, log: ProcessLog, signal: AbortSignal): Promise<T> {
  if (ready.by === 'probe') return ready.probe(signal);
  const { stdout } = supervisor;
  if (stdout === null) return Promise.reject(new Error('no standard output'));
  return new Promise((resolve, reject) => {
    let first = true;
    createInterface({ input: stdout }).on('line', (line) => {
      log.write(line);
      if (!first) return;
      first = false;
      try {
        resolve(ready.parse(line));
      } catch (error) {
        reject(new Error(`its first line was not understood: ${messageOf(error)}`, { cause: error }));
      }
    });
  });
}
