/** Processes by what they run: started when they are needed, lent to one caller at a time, ended when nobody comes back. */
import { chmod, chown, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { availableParallelism, tmpdir } from 'node:os';
import { basename, extname, join } from 'node:path';
import { PawlError } from '../../domain/words/failures-of-calls.ts';
import { sha256, type Artifacts } from '../../store/artifacts/artifacts.ts';
import { thrownIn, type Seen } from './blame.ts';
import { startChild, type Child, type Ending } from './child-process.ts';
import { refusedCode, type Code } from './code.ts';
import { NOTHING } from './frames.ts';
import type { Isolation } from './isolation.ts';
import { Loaded } from './messages.ts';
import type { Runtime } from './runtimes.ts';

/** A process that has loaded its code. */
export interface Lent {
  readonly child: Child;
  /** The pinned bytes, as the process sees them. */
  readonly file: string;
}

/** The process ended while it loaded its code. */
export class EndedLoading extends Error {
  override readonly name = 'EndedLoading';
  readonly ending: Ending;
  readonly seen: Seen;

  constructor(ending: Ending, seen: Seen) {
    super(`a process ended while it loaded ${seen.file}`);
    this.ending = ending;
    this.seen = seen;
  }
}

interface Caller {
  readonly signal: AbortSignal;
  readonly onOutput: (text: string) => void;
}

export interface Pool {
  /** Processes of one code at a time. */
  readonly width: number;
  lend(code: Code, caller: Caller): Promise<Lent>;
  /** Keeps what is alive for whoever comes next. */
  giveBack(code: Code, lent: Lent): void;
  close(): Promise<void>;
}

export interface PoolOptions {
  readonly artifacts: Artifacts;
  readonly runtimeOf: (code: Code) => Promise<Runtime>;
  readonly isolation: () => Promise<Isolation>;
  readonly idleMs: number;
}

/** Loading may wait for a disk that is busy; a grader's own limit may be shorter than its imports take. */
const LEAST_LOADING_MS = 30_000;

export function createPool({ artifacts, runtimeOf, isolation, idleMs }: PoolOptions): Pool {
  const idle = new Map<string, { readonly lent: Lent; readonly timer: NodeJS.Timeout }[]>();
  const all = new Map<Child, string>();
  let closed = false;

  return {
    width: Math.max(2, availableParallelism()),

    async lend(code, caller) {
      if (closed) throw new PawlError('Unavailable', 'the worker is about to end');
      const waiting = idle.get(keyOf(code)) ?? [];
      for (let entry = waiting.pop(); entry !== undefined; entry = waiting.pop()) {
        clearTimeout(entry.timer);
        if (entry.lent.child.alive) return entry.lent;
        await end(entry.lent.child);
      }
      return start(code, caller);
    },

    giveBack(code, lent) {
      if (!lent.child.alive || closed) {
        void end(lent.child);
        return;
      }
      const waiting = idle.get(keyOf(code)) ?? [];
      const entry = {
        lent,
        timer: setTimeout(() => {
          waiting.splice(waiting.indexOf(entry), 1);
          void end(lent.child);
        }, idleMs).unref(),
      };
      waiting.push(entry);
      idle.set(keyOf(code), waiting);
    },

    async close() {
      closed = true;
      await Promise.all([...all.keys()].map(end));
    },
  };

  async function start(code: Code, caller: Caller): Promise<Lent> {
    const { place, pinned } = code;
    if (pinned === undefined) throw refusedCode(place, 'its content was not pinned; submit the run anew');
    const runtime = await runtimeOf(code);
    const isolated = await isolation();
    caller.signal.throwIfAborted();
    const folder = await mkdtemp(join(tmpdir(), 'pawl-code-'));
    const work = join(folder, 'work');
    const file = join(folder, `${basename(place.path, extname(place.path)) || 'code'}${runtime.extension}`);
    await writeFile(file, await artifacts.get(pinned));
    await mkdir(work);
    const { uid, gid } = isolated.start('', []);
    if (uid !== undefined && gid !== undefined) await chown(work, uid, gid);
    await chmod(folder, 0o755);
    const { memoryBytes } = code;
    const child = startChild({
      ...runtime.start(memoryBytes),
      folder: work,
      environment: { ...runtime.environment, HOME: work, TMPDIR: work, ...code.environment },
      isolation: isolated,
      memoryBytes,
      network: code.network,
    });
    all.set(child, folder);
    try {
      await load(code, { child, file }, caller);
      return { child, file };
    } catch (cause) {
      await end(child);
      throw cause;
    }
  }

  async function end(child: Child): Promise<void> {
    child.kill();
    const folder = all.get(child);
    all.delete(child);
    // What was killed a moment ago may still be writing.
    if (folder !== undefined) await rm(folder, { recursive: true, force: true, maxRetries: 5 }).catch(() => undefined);
  }
}

async function load(code: Code, { child, file }: Lent, { signal, onOutput }: Caller): Promise<void> {
  const { role, memoryBytes, place } = code;
  const limitMs = Math.max(code.limitMs, LEAST_LOADING_MS);
  let loaded: Loaded | undefined;
  const ending = await child.exchange({
    frame: { head: { type: 'load', file, role, function: code.function, memoryBytes, limitMs }, body: NOTHING },
    limitMs,
    signal,
    onOutput,
    onAnswer({ head }) {
      loaded = Loaded.parse(head);
      return true;
    },
  });
  if (ending !== undefined) throw new EndedLoading(ending, { file, code, limitMs });
  if (loaded?.type !== 'failed') return;
  const why = thrownIn(loaded.error, { file, code });
  throw refusedCode(place, loaded.error.kind === 'shape' ? loaded.error.message : `it cannot be loaded (${why})`);
}

/** Whatever makes a difference to the process, and nothing else: runs that use the same file share its processes. */
function keyOf({ language, role, pinned, function: name, limitMs, memoryBytes, environment, ...code }: Code): string {
  const { python, place, network } = code;
  const process = [language, role, pinned, name, limitMs, memoryBytes, environment, python, network, place.path];
  return sha256(JSON.stringify(process));
}
