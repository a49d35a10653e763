/** Ends a worker whose event loop stands still: it polls on, beside its loop, and would take work that it never does. */
import { statSync } from 'node:fs';

interface Watched {
  /** Touched by the worker every two seconds. */
  readonly file: string;
  /** Process id of the present life. */
  readonly pid: () => number | undefined;
  readonly onStandstill: (seconds: number) => void;
  readonly everyMs?: number;
  /** Looks in a row without a change: counted, since a machine that slept slept for both. */
  readonly patience?: number;
}

const DEFAULTS = { everyMs: 5_000, patience: 18 };

/** Returns how to stop watching. Whoever keeps the process starts it again. */
export function watchLiveness({ file, pid, onStandstill, ...options }: Watched): () => void {
  const { everyMs, patience } = { ...DEFAULTS, ...options };
  let seen = '';
  let silent = 0;
  const timer = setInterval(() => {
    const now = pid();
    const state = `${now} ${statSync(file, { throwIfNoEntry: false })?.mtimeMs}`;
    silent = state === seen ? silent + 1 : 0;
    seen = state;
    if (now === undefined || silent < patience) return;
    silent = 0;
    onStandstill(Math.round((patience * everyMs) / 1000));
    process.kill(now, 'SIGKILL');
  }, everyMs);
  timer.unref();
  return () => clearInterval(timer);
}
