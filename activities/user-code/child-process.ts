/** One process that runs a user's code: what it is asked, what it answers, and its end, whoever brings it about. */
import { spawn, type ChildProcess } from 'node:child_process';
import type { Duplex } from 'node:stream';
import { encodeFrame, frameReader, type Frame } from './frames.ts';
import type { Isolation } from './isolation.ts';
import { residentBytes } from './memory.ts';

/** How a process ended that was asked something. */
export interface Ending {
  readonly why: 'time' | 'memory' | 'output' | 'exit' | 'nonsense';
  /** Of `exit`: its code, or the signal. */
  readonly status: string;
  /** Where it was, in its own words; empty where it could not tell. */
  readonly report: string;
}

interface Exchange {
  readonly frame: Frame;
  /** Of each answer, and of silence in any case. */
  readonly limitMs: number;
  readonly signal: AbortSignal;
  /** Says whether this was the last answer. */
  readonly onAnswer: (frame: Frame) => boolean;
  readonly onOutput: (text: string) => void;
}

export interface Child {
  readonly alive: boolean;
  /** Undefined when everything was answered. One at a time; rejects with the signal's reason, and ends the process then. */
  exchange(exchange: Exchange): Promise<Ending | undefined>;
  /** Ends it, with whatever it started. */
  kill(): void;
}

export interface ChildOptions {
  readonly command: string;
  readonly args: readonly string[];
  readonly folder: string;
  /** The whole of it. */
  readonly environment: Readonly<Record<string, string>>;
  readonly isolation: Isolation;
  readonly memoryBytes: number;
  /** `false`: none, where the isolation can do that. */
  readonly network?: boolean | undefined;
}

/** The process says by itself that its time is over, and where it was; who says nothing for this much longer never will. */
const GRACE_MS = 5_000;
/** For an answer to "where are you?" */
const REPORT_MS = 1_500;
const REPORT_REST_MS = 100;
const LOOK_EVERY_MS = 200;
/** It watches itself, and can tell where it was; this is for what it does not see, such as processes of its own. */
const MEMORY_SLACK = 1.25;
/** More output than this in one exchange is no output any more. */
const MOST_OUTPUT = 16 * 1024 * 1024;
const LONGEST_REPORT = 16_000;
/** What others compute comes after what beats the hearts of every run. */
const NICE = 5;

export function startChild(options: ChildOptions): Child {
  const { folder, environment, isolation, memoryBytes } = options;
  const isolated = isolation.start(options.command, options.args, options);
  const { command, args } = yielding(isolated.command, isolated.args);
  const { uid, gid } = isolated;
  const child = spawn(command, args, {
    ...(uid !== undefined && { uid }),
    ...(gid !== undefined && { gid }),
    cwd: folder,
    env: { ...environment },
    // A group of its own, which is ended as a whole.
    detached: true,
    stdio: ['ignore', 'pipe', 'pipe', 'pipe', 'pipe'],
  });
  const [, , , frames, reports] = child.stdio as unknown as Duplex[];
  if (frames === undefined || reports === undefined) throw new Error('a process without its sockets');
  let alive = true;
  let current: Running | undefined;
  let report = '';

  const end = (why: Ending['why'], status = ''): void => {
    kill();
    current?.finish({ why, status, report });
  };
  const read = frameReader((frame) => current?.answered(frame));
  frames.on('data', (chunk: Buffer) => {
    try {
      read(chunk);
    } catch (cause) {
      end('nonsense', String(cause));
    }
  });
  reports.on('data', (chunk: Buffer) => {
    report = (report + chunk.toString()).slice(0, LONGEST_REPORT);
    const why = /^\{"why":"(time|memory)"/m.exec(report)?.[1] ?? (/^Timeout \(/m.test(report) ? 'time' : undefined);
    if (why === 'time' || why === 'memory') current?.told(why);
  });
  for (const socket of [frames, reports]) socket.on('error', () => undefined);
  for (const stream of [child.stdout, child.stderr]) {
    stream?.on('data', (chunk: Buffer) => current?.printed(chunk));
    stream?.on('error', () => undefined);
  }
  child.on('error', (cause) => {
    alive = false;
    end('exit', String(cause));
  });
  // `close`, not `exit`: what it said last is part of its end.
  child.on('close', (code, signal) => end('exit', statusOf(code, signal)));
  child.on('exit', (code, signal) => {
    alive = false;
    // Something that it started may hold the pipes for ever.
    setTimeout(() => end('exit', statusOf(code, signal)), 500).unref();
  });

  return {
    get alive() {
      return alive;
    },
    kill,
    async exchange(exchange) {
      const { signal } = exchange;
      signal.throwIfAborted();
      report = '';
      return new Promise<Ending | undefined>((resolve, reject) => {
        const stop = (): void => {
          kill();
          current?.leave();
          reject(signal.reason as Error);
        };
        signal.addEventListener('abort', stop);
        current = running(exchange, {
          end,
          ask: () => reports.write('?'),
          resident: () => (child.pid === undefined ? undefined : residentBytes(child.pid)),
          most: memoryBytes * MEMORY_SLACK,
          retire: kill,
          finish(ending) {
            signal.removeEventListener('abort', stop);
            current = undefined;
            resolve(ending);
          },
        });
        if (alive) frames.write(encodeFrame(exchange.frame));
        else end('exit', statusOf(child.exitCode, child.signalCode));
      });
    },
  };

  function kill(): void {
    alive = false;
    killGroup(child);
  }
}

interface Running {
  answered(frame: Frame): void;
  printed(chunk: Buffer): void;
  told(why: 'time' | 'memory'): void;
  finish(ending: Ending | undefined): void;
  leave(): void;
}

/** The clocks and counters of one exchange. */
function running(
  { limitMs, onAnswer, onOutput }: Exchange,
  process: {
    end(why: Ending['why'], status?: string): void;
    ask(): void;
    resident(): number | undefined;
    readonly most: number;
    /** It answers nobody any more. */
    retire(): void;
    finish(ending: Ending | undefined): void;
  },
): Running {
  let output = 0;
  let over = false;
  let asked = false;
  let silence = setTimeout(() => process.end('time'), limitMs + GRACE_MS);
  const looking = setInterval(() => {
    if ((process.resident() ?? 0) > process.most) askAndEnd('memory');
  }, LOOK_EVERY_MS);

  function leave(): void {
    over = true;
    clearTimeout(silence);
    clearInterval(looking);
  }

  function finish(ending: Ending | undefined): void {
    if (over) return;
    leave();
    // What was asked where it is stands still for the answer.
    if (asked) process.retire();
    process.finish(ending);
  }

  /** Where it is worth a moment: it is the line that one wants to know. */
  function askAndEnd(why: 'memory' | 'output'): void {
    if (asked) return;
    asked = true;
    process.ask();
    setTimeout(() => {
      if (!over) process.end(why);
    }, REPORT_MS);
  }

  return {
    leave,
    finish,
    told(why) {
      // The rest of the report may be on its way.
      setTimeout(() => {
        if (!over) process.end(why);
      }, REPORT_REST_MS);
    },
    answered(frame) {
      if (over) return;
      clearTimeout(silence);
      silence = setTimeout(() => process.end('time'), limitMs + GRACE_MS);
      if (onAnswer(frame)) finish(undefined);
    },
    printed(chunk) {
      output += chunk.length;
      if (over) return;
      if (output > MOST_OUTPUT) askAndEnd('output');
      else onOutput(chunk.toString());
    },
  };
}

/** From its beginning on, with whatever it starts. Windows knows no such command. */
function yielding(command: string, args: readonly string[]): { command: string; args: readonly string[] } {
  if (process.platform === 'win32') return { command, args };
  return { command: 'nice', args: ['-n', String(NICE), command, ...args] };
}

function statusOf(code: number | null, signal: NodeJS.Signals | null): string {
  if (signal !== null) return signal;
  // A shell between us and the process says so of one that died of a signal.
  const told = (code ?? 0) > 128 ? SIGNALS[(code ?? 0) - 128] : undefined;
  return told ?? `exit code ${code ?? 'unknown'}`;
}

const SIGNALS: Readonly<Record<number, string>> = {
  4: 'SIGILL',
  6: 'SIGABRT',
  7: 'SIGBUS',
  8: 'SIGFPE',
  9: 'SIGKILL',
  11: 'SIGSEGV',
  15: 'SIGTERM',
};

function killGroup({ pid }: ChildProcess): void {
  if (pid === undefined) return;
  try {
    process.kill(-pid, 'SIGKILL');
  } catch {
    // It is gone already.
  }
}
