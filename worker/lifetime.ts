/**
 * The life of a worker process: until it is told to end, or cannot work. It ends within its grace in any case, whatever an
 * activity, a connection or a thread still does: one that lingers polls for nothing, and nobody takes its place.
 */
import type { RunningWorker } from './worker.ts';

/** More than the worker's own time for draining, less than what is given before SIGKILL. */
const DRAIN_LIMIT_MS = 25_000;

export interface Lifetime {
  /** Told once, before anything can fail in `worker.run()`. */
  readonly onReady: () => void;
  /** After the signal; default: 25 s. */
  readonly drainLimitMs?: number;
}

/** Never returns: the process ends, with 0 where it was told to. */
export async function live(
  worker: Pick<RunningWorker, 'run' | 'shutdown'>,
  { onReady, drainLimitMs = DRAIN_LIMIT_MS }: Lifetime,
): Promise<never> {
  for (const name of ['SIGTERM', 'SIGINT'] as const) {
    process.once(name, () => {
      worker.shutdown();
      setTimeout(() => end('an activity did not end in time; another worker goes on with it'), drainLimitMs);
    });
  }
  const finished = worker.run();
  onReady();
  await finished;
  return end();
}

/** Not by running out of things to do: a connection or a thread that lingers is one. */
export function end(problem?: string): never {
  if (problem !== undefined) process.stderr.write(`pawl worker: ${problem}\n`);
  process.exit(problem === undefined ? 0 : 1);
}
