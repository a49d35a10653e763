/** How long the loop that heartbeats for every run was held up, as figures and as a line a minute in the worker's log. */
import { monitorEventLoopDelay } from 'node:perf_hooks';
import type { Logger } from 'pino';

/** Delays beyond the timer's own period, in milliseconds, since they were last asked for. */
export interface LoopDelay {
  readonly p50Ms: number;
  readonly p99Ms: number;
  readonly maxMs: number;
}

export interface LoopDelayWatch {
  read(): LoopDelay;
  stop(): void;
}

const PERIOD_MS = 10;

export function watchLoopDelay(): LoopDelayWatch {
  const histogram = monitorEventLoopDelay({ resolution: PERIOD_MS });
  histogram.enable();
  const beyond = (nanoseconds: number): number => Math.max(0, Math.round(nanoseconds / 1e5 - 10 * PERIOD_MS) / 10);
  return {
    read() {
      // Without a single measurement, its maximum is 0 and its percentiles are too.
      const delay = {
        p50Ms: beyond(histogram.percentile(50)),
        p99Ms: beyond(histogram.percentile(99)),
        maxMs: beyond(histogram.max),
      };
      histogram.reset();
      return delay;
    },
    stop: () => histogram.disable(),
  };
}

const LOG_EVERY_MS = 60_000;
/** A run is to be heard of every second: half of that is far too long for what shares a thread with it. */
export const HELD_UP_MS = 500;

export interface LoopDelayLog {
  /** Does the work; its name stands in the warning if the loop is held up meanwhile. */
  during<Result>(name: string, work: () => Promise<Result>): Promise<Result>;
  end(): void;
}

export function logLoopDelay(logger: Pick<Logger, 'info' | 'warn'>, everyMs = LOG_EVERY_MS): LoopDelayLog {
  const watch = watchLoopDelay();
  const running = new Map<string, number>();
  let ran = new Set<string>();
  const count = (name: string, change: 1 | -1): void => {
    const now = (running.get(name) ?? 0) + change;
    if (now === 0) running.delete(name);
    else running.set(name, now);
  };
  const report = (): void => {
    const loopDelay = watch.read();
    if (loopDelay.maxMs <= HELD_UP_MS) logger.info({ loopDelay }, 'delay of the event loop');
    else {
      const activities = [...ran].toSorted();
      logger.warn({ loopDelay, activities }, 'the event loop was held up: heartbeats of every run came late');
    }
    ran = new Set(running.keys());
  };
  // After the timers that are due: the one that measures may be among them, and what it has not seen is forgotten.
  const timer = setInterval(() => setImmediate(report), everyMs).unref();
  return {
    async during(name, work) {
      ran.add(name);
      count(name, 1);
      try {
        return await work();
      } finally {
        count(name, -1);
      }
    },
    end() {
      clearInterval(timer);
      watch.stop();
    },
  };
}
